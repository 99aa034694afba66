package io.holdfast.tck;

import io.holdfast.engine.Environment;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * How much slower than an idle machine this one is at the moment. Every deadline of the kits scales
 * by it, so that a test does not fail because of what else the machine has to do. Thread-safe.
 *
 * <pre>{@code
 * assertThat(gap).isLessThan(ttl.plus(Pace.stretch(Duration.ofSeconds(1))));
 *
 * Pace.Deadline deadline = Pace.within(Duration.ofSeconds(10));
 * if (!deadline.await(() -> queue.isEmpty())) {
 *   throw new AssertionError("not within " + deadline);
 * }
 * }</pre>
 *
 * <p>It is for real time only, and for upper bounds only: what must not happen too early is bounded
 * by what the rules promise.
 */
public final class Pace {

  // Two signs, of which the stronger one counts. The load average says how many threads want a
  // processor, but up to a minute late, and not what a virtual machine is kept from. A timer that
  // fires late tells of both at once, and of pauses of this JVM; its worst delay is remembered for
  // a while, because what a deadline is for has usually happened before somebody asks.

  /** The bound of the factor: what takes ten times as long has other reasons than load. */
  private static final double SLOWEST = 10;

  /** A timer that fires so much late counts like one more thread for each processor. */
  private static final long LATE_NANOS = Duration.ofMillis(50).toNanos();

  private static final long TICK_NANOS = Duration.ofMillis(20).toNanos();

  /** The worst delay is remembered for this long, and for up to twice as long. */
  private static final long MEMORY_NANOS = Duration.ofSeconds(30).toNanos();

  private static final long POLL_NANOS = Duration.ofMillis(5).toNanos();

  private static final Environment.Ticker CLOCK = Environment.system("pace").ticker();

  private static volatile long latest;
  private static volatile long latestBefore;

  static {
    Thread timer = new Thread(Pace::observe, "pace");
    timer.setDaemon(true);
    timer.start();
  }

  private Pace() {}

  private static void observe() {
    long remembered = CLOCK.nanoTime();
    for (long begun = remembered; ; ) {
      LockSupport.parkNanos(TICK_NANOS);
      long now = CLOCK.nanoTime();
      latest = Math.max(latest, now - begun - TICK_NANOS);
      if (now - remembered > MEMORY_NANOS) {
        remembered = now;
        latestBefore = latest;
        latest = 0;
      }
      begun = now;
    }
  }

  /** From 1, on an idle machine, to 10. */
  public static double factor() {
    var system = ManagementFactory.getOperatingSystemMXBean();
    double load = system.getSystemLoadAverage() / system.getAvailableProcessors();
    return factor(load, Math.max(latest, latestBefore));
  }

  /**
   * The factor for what has been observed.
   *
   * @param load how many threads want each processor; negative if unknown
   * @param lateNanos how late a timer has fired
   */
  static double factor(double load, long lateNanos) {
    double slowness = Math.max(load, 1 + (double) lateNanos / LATE_NANOS);
    return Math.min(SLOWEST, Math.max(1, slowness));
  }

  /**
   * What to allow for something here and now.
   *
   * @param idle what to allow for it on an idle machine
   */
  public static Duration stretch(Duration idle) {
    return Duration.ofNanos((long) (idle.toNanos() * factor()));
  }

  /**
   * A deadline that begins now.
   *
   * @param idle how long it is on an idle machine
   */
  public static Deadline within(Duration idle) {
    return new Deadline(idle, CLOCK.nanoTime());
  }

  /** A time limit that moves as long as the machine is slow. Thread-safe. */
  public static final class Deadline {

    private final Duration idle;
    private final long begun;

    private Deadline(Duration idle, long begun) {
      this.idle = idle;
      this.begun = begun;
    }

    /** Whether the time is over, as the machine is now. */
    public boolean isOver() {
      return CLOCK.nanoTime() - begun > stretch(idle).toNanos();
    }

    /** Waits for a condition; false if the time is over before. */
    public boolean await(BooleanSupplier condition) {
      while (!condition.getAsBoolean()) {
        if (isOver()) {
          return false;
        }
        LockSupport.parkNanos(POLL_NANOS);
      }
      return true;
    }

    /** Waits until a stage has ended, well or not; false if the time is over before. */
    public boolean await(CompletionStage<?> stage) throws InterruptedException {
      CompletableFuture<?> future = stage.toCompletableFuture();
      while (!future.isDone()) {
        if (isOver()) {
          return false;
        }
        try {
          future.get(TICK_NANOS, TimeUnit.NANOSECONDS);
        } catch (TimeoutException notYet) {
          // Perhaps the deadline has moved.
        } catch (ExecutionException failed) {
          return true;
        }
      }
      return true;
    }

    @Override
    public String toString() {
      return String.format("%s, stretched to %s here and now", idle, stretch(idle));
    }
  }
}
