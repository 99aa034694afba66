package io.holdfast.engine;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Environment} in which time passes only when a test says so, and scheduled work runs on
 * the test's own thread, in the order of its due times and, when due at once, of its scheduling.
 * Everything is reproducible: both clocks start at fixed readings and the random numbers come from
 * a seed. Work may be scheduled from any thread; time is moved by one thread.
 */
public final class ManualEnvironment {

  /** What the wall clock reads at first: 2026-01-01T00:00:00Z. */
  public static final long START_MILLIS = 1_767_225_600_000L;

  private record Task(long due, long order, Runnable work, boolean urgent) {}

  private static final Comparator<Task> IN_ORDER =
      Comparator.comparingLong(Task::due).thenComparingLong(Task::order);

  private final PriorityQueue<Task> tasks = new PriorityQueue<>(IN_ORDER);
  private final Environment environment;
  private long nanos = 1_000_000_000L;
  private long wallNanos;
  private long scheduled;
  private boolean closed;
  private boolean stuck;

  /** An environment with a fixed seed. */
  public ManualEnvironment() {
    this(42);
  }

  /**
   * An environment.
   *
   * @param seed of the random numbers
   */
  public ManualEnvironment(long seed) {
    environment =
        new Environment(new Clocks(), new Tasks(), new NoParking(), new SplittableRandom(seed));
  }

  /** The environment to give to the code under test. */
  public Environment environment() {
    return environment;
  }

  /** Lets time pass: runs everything that becomes due, each at its time, new work included. */
  public void advance(Duration duration) {
    long end = nanoTime() + duration.toNanos();
    for (Task next = poll(end); next != null; next = poll(end)) {
      moveTo(Math.max(nanoTime(), next.due()));
      next.work().run();
    }
    moveTo(end);
  }

  /** Runs what is due now. */
  public void runDue() {
    advance(Duration.ZERO);
  }

  /**
   * Lets time pass while the process stands still: nothing runs, and what has become due runs late,
   * with the next {@link #advance}.
   */
  public synchronized void pause(Duration duration) {
    moveTo(nanos + duration.toNanos());
  }

  /** From now on only urgent work is run, as if the scheduler's thread were kept by other work. */
  public synchronized void keepScheduler() {
    stuck = true;
  }

  /** Sets the wall clock forward, or back by a negative duration, as an operator does. */
  public synchronized void jumpWallClock(Duration duration) {
    wallNanos += duration.toNanos();
  }

  /** How much work is scheduled and not called off. */
  public synchronized int pending() {
    return tasks.size();
  }

  private synchronized long nanoTime() {
    return nanos;
  }

  private synchronized void moveTo(long reading) {
    wallNanos += reading - nanos;
    nanos = reading;
  }

  private synchronized @Nullable Task poll(long end) {
    Task next =
        stuck ? tasks.stream().filter(Task::urgent).min(IN_ORDER).orElse(null) : tasks.peek();
    return next != null && next.due() <= end && tasks.remove(next) ? next : null;
  }

  private synchronized Environment.Cancellable add(Runnable work, Duration delay, boolean urgent) {
    if (closed) {
      return () -> {};
    }
    Task task = new Task(nanos + delay.toNanos(), scheduled++, work, urgent);
    tasks.add(task);
    return () -> remove(task);
  }

  private synchronized void remove(Task task) {
    tasks.remove(task);
  }

  private synchronized void closeScheduler() {
    closed = true;
    tasks.clear();
  }

  private synchronized long wallMillis() {
    return START_MILLIS + Math.floorDiv(wallNanos, 1_000_000L);
  }

  private final class Clocks implements Environment.Ticker {
    @Override
    public long nanoTime() {
      return ManualEnvironment.this.nanoTime();
    }

    @Override
    public long epochMillis() {
      return wallMillis();
    }
  }

  /** There is one thread, which must not wait: nobody else would let time pass. */
  private static final class NoParking implements Environment.Parker {
    @Override
    public void park(Object blocker, long nanos) {
      throw new AssertionError("a call waits for " + blocker + " while time stands still");
    }

    @Override
    public void unpark(Thread thread) {}
  }

  private final class Tasks implements Environment.Scheduler {
    @Override
    public Environment.Cancellable schedule(Runnable work, Duration delay) {
      return add(work, delay, false);
    }

    @Override
    public Environment.Cancellable scheduleUrgent(Runnable work, Duration delay) {
      return add(work, delay, true);
    }

    @Override
    public void close() {
      closeScheduler();
    }
  }
}
