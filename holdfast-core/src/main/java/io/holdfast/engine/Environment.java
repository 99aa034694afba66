package io.holdfast.engine;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/**
 * The doors through which time and chance enter. Nodes and engines take both from here and from
 * nowhere else, so that the same code runs under a simulated clock.
 *
 * @param ticker reads the clocks
 * @param scheduler runs work now or later
 * @param parker lets threads wait
 * @param random jitter only; no lock rule depends on it
 */
public record Environment(
    Ticker ticker, Scheduler scheduler, Parker parker, RandomGenerator random) {

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

    /**
     * As {@link #schedule}, for what a lease depends on: it does not wait behind other work, which
     * may be much, and slow where many threads want the same lock.
     */
    default Cancellable scheduleUrgent(Runnable work, Duration delay) {
      return schedule(work, delay);
    }

    /** Stops accepting work; what is scheduled is dropped. */
    void close();
  }

  /** Lets a thread wait, and go on; as {@link LockSupport}. Thread-safe. */
  public interface Parker {

    /**
     * Lets the calling thread wait until it is unparked or interrupted or the time is over, or for
     * no reason at all: the caller looks again at what it waits for.
     *
     * @param blocker what it waits for, for people
     * @param nanos how long at most
     */
    void park(Object blocker, long nanos);

    /** Lets a thread go on, or its next {@link #park} return at once. */
    void unpark(Thread thread);
  }

  /** Scheduled work that can be called off. */
  @FunctionalInterface
  public interface Cancellable {

    /** Calls the work off if it has not begun; otherwise does nothing. */
    void cancel();
  }

  /**
   * The real clocks and threads, one daemon thread for scheduled work and one for urgent work.
   *
   * @param threadName the name of the scheduler's thread; the other one's begins with it
   */
  public static Environment system(String threadName) {
    return new Environment(
        new SystemTicker(),
        new SystemScheduler(threadName),
        systemParker(),
        new ThreadLocalGenerator());
  }

  /** Lets real threads wait. */
  public static Parker systemParker() {
    return new SystemParker();
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

  private static final class SystemParker implements Parker {
    @Override
    public void park(Object blocker, long nanos) {
      LockSupport.parkNanos(blocker, nanos);
    }

    @Override
    public void unpark(Thread thread) {
      LockSupport.unpark(thread);
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
    private final ScheduledThreadPoolExecutor urgent;

    SystemScheduler(String threadName) {
      executor = oneThread(threadName);
      urgent = oneThread(threadName + "-lease");
    }

    private static ScheduledThreadPoolExecutor oneThread(String name) {
      ThreadFactory daemons =
          work -> {
            Thread thread = Executors.defaultThreadFactory().newThread(work);
            thread.setName(name);
            thread.setDaemon(true);
            return thread;
          };
      ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, daemons);
      executor.setRemoveOnCancelPolicy(true);
      executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
      return executor;
    }

    @Override
    public Cancellable schedule(Runnable work, Duration delay) {
      return schedule(executor, work, delay);
    }

    @Override
    public Cancellable scheduleUrgent(Runnable work, Duration delay) {
      return schedule(urgent, work, delay);
    }

    private static Cancellable schedule(
        ScheduledThreadPoolExecutor executor, Runnable work, Duration delay) {
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
      urgent.shutdownNow();
    }
  }
}
