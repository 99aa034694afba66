package io.holdfast.engine;

import java.time.Duration;
import java.util.Comparator;
import java.util.NavigableSet;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Environment} in which time passes only when a test says so, and scheduled work runs on
 * the test's own thread, in the order of its due times and, when due at once, of its scheduling.
 * Everything is reproducible: both clocks start at fixed readings and the random numbers come from
 * a seed. Work may be scheduled from any thread; time is moved by one thread.
 *
 * <p>Several processes may live on the same clocks, each with an environment of its own, so that
 * one of them can be closed without the others.
 */
public final class ManualEnvironment {

  /** What the wall clock reads at first: 2026-01-01T00:00:00Z. */
  public static final long START_MILLIS = 1_767_225_600_000L;

  private record Task(
      long due, long order, Runnable work, boolean urgent, ProcessScheduler process) {}

  private static final Comparator<Task> IN_ORDER =
      Comparator.comparingLong(Task::due).thenComparingLong(Task::order);

  /** Sorted, so that what is called off is found at once however much is scheduled. */
  private final NavigableSet<Task> tasks = new TreeSet<>(IN_ORDER);

  private final SplittableRandom seeds;
  private final Environment environment;
  private long nanos = 1_000_000_000L;
  private long wallNanos;
  private long scheduled;
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
    seeds = new SplittableRandom(seed);
    environment = another();
  }

  /** The environment to give to the code under test. */
  public Environment environment() {
    return environment;
  }

  /**
   * The environment of one more process: the same clocks, but a scheduler and chance of its own.
   */
  public synchronized Environment another() {
    return new Environment(
        new Clocks(), new ProcessScheduler(), new NoParking(), new Chance(seeds.split()));
  }

  /** Lets time pass: runs everything that becomes due, each at its time, new work included. */
  public void advance(Duration duration) {
    long end = nanoTime() + duration.toNanos();
    for (Task next = poll(end); next != null; next = poll(end)) {
      moveTo(Math.max(nanoTime(), next.due()));
      // Here and in no method below: checkers of models look into this one only.
      next.work().run();
    }
    moveTo(end);
  }

  /**
   * Lets time pass until one piece of work has run, the next that is due.
   *
   * @param most how much time may pass; so much does if nothing becomes due
   */
  public void step(Duration most) {
    long end = nanoTime() + most.toNanos();
    Task next = poll(end);
    if (next == null) {
      moveTo(end);
    } else {
      moveTo(Math.max(nanoTime(), next.due()));
      next.work().run();
    }
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
    Task next = tasks.stream().filter(task -> task.urgent() || !stuck).findFirst().orElse(null);
    return next != null && next.due() <= end && tasks.remove(next) ? next : null;
  }

  private synchronized Environment.Cancellable add(
      Runnable work, Duration delay, boolean urgent, ProcessScheduler process) {
    if (process.closed) {
      return () -> {};
    }
    Task task = new Task(nanos + delay.toNanos(), scheduled++, work, urgent, process);
    tasks.add(task);
    return () -> remove(task);
  }

  private synchronized void remove(Task task) {
    tasks.remove(task);
  }

  private synchronized void close(ProcessScheduler process) {
    process.closed = true;
    tasks.removeIf(task -> task.process() == process);
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

  /** Random numbers for any thread, which those of the JDK with a seed are not made for. */
  private static final class Chance implements RandomGenerator {
    private final SplittableRandom random;

    Chance(SplittableRandom random) {
      this.random = random;
    }

    @Override
    public synchronized long nextLong() {
      return random.nextLong();
    }
  }

  private final class ProcessScheduler implements Environment.Scheduler {
    /** Guarded by the environment. */
    private boolean closed;

    @Override
    public Environment.Cancellable schedule(Runnable work, Duration delay) {
      return add(work, delay, false, this);
    }

    @Override
    public Environment.Cancellable scheduleUrgent(Runnable work, Duration delay) {
      return add(work, delay, true, this);
    }

    @Override
    public void close() {
      ManualEnvironment.this.close(this);
    }
  }
}
