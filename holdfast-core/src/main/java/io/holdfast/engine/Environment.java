package io.holdfast.engine;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The doors through which time and chance enter. Nodes and engines take both from here and from
 * nowhere else, so that the same code runs under a simulated clock.
 *
 * @param ticker reads the clocks
 * @param scheduler runs work now or later
 * @param random jitter only; no lock rule depends on it
 */
public record Environment(Ticker ticker, Scheduler scheduler, RandomGenerator random) {

  /** Half of what a long can count, so that sums of two do not overflow. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

  /** Reads the clocks. Thread-safe. */
  public interface Ticker {

    /** A monotonic reading in nanoseconds, as {@link System#nanoTime()}. */
    long nanoTime();

    /** The wall clock in milliseconds since the epoch: for people, and to notice a suspension. */
    long epochMillis();
  }

  /** Runs work. Thread-safe. Work must be brief and must not block. */
  public interface Scheduler {

    /**
     * Runs work once, after a delay.
     *
     * @param delay zero or more
     * @return cancels the work if it has not begun
     */
    Cancellable schedule(Runnable work, Duration delay);

    /** Stops accepting work; what is scheduled is dropped. */
    void close();
  }

  /** Scheduled work that can be called off. */
  @FunctionalInterface
  public interface Cancellable {

    /** Calls the work off if it has not begun; otherwise does nothing. */
    void cancel();
  }

  /**
   * The real clocks and one daemon thread.
   *
   * @param threadName the name of the scheduler's thread
   */
  public static Environment system(String threadName) {
    return new Environment(
        new SystemTicker(), new SystemScheduler(threadName), new ThreadLocalGenerator());
  }

  /** The length in nanoseconds, or about 146 years if it is longer. */
  public static long saturatedNanos(Duration duration) {
    return duration.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : duration.toNanos();
  }

  private static final class SystemTicker implements Ticker {
    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public long epochMillis() {
      return System.currentTimeMillis();
    }
  }

  /** {@link ThreadLocalRandom} is bound to the thread that got it, so it is looked up each time. */
  private static final class ThreadLocalGenerator implements RandomGenerator {
    @Override
    public long nextLong() {
      return ThreadLocalRandom.current().nextLong();
    }
  }

  private static final class SystemScheduler implements Scheduler {
    private final ScheduledThreadPoolExecutor executor;

    SystemScheduler(String threadName) {
      ThreadFactory daemons =
          work -> {
            Thread thread = Executors.defaultThreadFactory().newThread(work);
            thread.setName(threadName);
            thread.setDaemon(true);
            return thread;
          };
      executor = new ScheduledThreadPoolExecutor(1, daemons);
      executor.setRemoveOnCancelPolicy(true);
      executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @Override
    public Cancellable schedule(Runnable work, Duration delay) {
      try {
        ScheduledFuture<?> future =
            executor.schedule(work, saturatedNanos(delay), TimeUnit.NANOSECONDS);
        return () -> future.cancel(false);
      } catch (RejectedExecutionException closed) {
        // Work that arrives during shutdown is dropped, as close() says.
        return () -> {};
      }
    }

    @Override
    public void close() {
      executor.shutdownNow();
    }
  }
}
