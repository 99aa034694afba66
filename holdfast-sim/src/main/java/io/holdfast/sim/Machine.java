package io.holdfast.sim;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A simulated process on a machine of its own: clocks that run a little wrong, threads, and the
 * ability to stand still, to crash and to start again. What was scheduled for a process that has
 * crashed never runs.
 */
final class Machine {

  /** What the wall clocks read at first, in milliseconds since the epoch. */
  private static final long START_MILLIS = 1_767_225_600_000L;

  private static final long MICROSECOND = 1_000;
  private static final long MILLISECOND = 1_000_000;

  private final Simulator simulator;
  private final String name;
  private final double rate;
  private final long base;
  private final SplittableRandom random;
  private final List<SimThread> threads = new ArrayList<>();
  private long wallAheadMillis;
  private long stoppedUntil;
  private long starvedUntil;
  private long startedAt;
  private int life;
  private boolean up = true;
  private boolean watched;
  private double midCodeStops;
  private double lateWakeUps;

  /**
   * A machine that is up.
   *
   * @param rate how many of its seconds pass in a true one
   */
  Machine(Simulator simulator, String name, double rate) {
    this.simulator = simulator;
    this.name = name;
    this.rate = rate;
    this.random = simulator.random().split();
    // Somewhere, so that nobody takes a reading for an absolute time; also a negative one.
    this.base = random.nextLong(1L << 50) - (1L << 49);
  }

  Simulator simulator() {
    return simulator;
  }

  String name() {
    return name;
  }

  /** How the environment of a process on this machine is made; it dies with the process. */
  Environment environment() {
    return new Environment(new Clocks(), new Tasks(), new Parking(), random);
  }

  // ---------------------------------------------------------------- faults

  /**
   * How probable it is that the machine stops at a reading of its clock, or wakes a thread late.
   */
  void disturb(double stopsInMidCode, double latelyWoken) {
    midCodeStops = stopsInMidCode;
    lateWakeUps = latelyWoken;
  }

  /**
   * Stands still for a while, as by SIGSTOP; its clocks go on. One stop is not made longer by
   * another: whoever was stopped in mid code, inside a lock perhaps, must be the first to go on.
   */
  void stop(long nanos) {
    if (!isStopped()) {
      stoppedUntil = simulator.now() + nanos;
    }
  }

  /** Ends the process at once: nothing of it happens any more. Called between events. */
  void crash() {
    up = false;
    stoppedUntil = 0;
    for (SimThread thread : List.copyOf(threads)) {
      thread.crash();
    }
    threads.clear();
    // Only now: what the threads schedule while their stacks unwind dies with them.
    life++;
  }

  /** Starts a new process. */
  void restart() {
    up = true;
    startedAt = simulator.now();
  }

  /** Sets the wall clock forward or back. */
  void jumpWallClock(long millis) {
    wallAheadMillis += millis;
  }

  boolean isUp() {
    return up;
  }

  /** Whether the process stands still. */
  boolean isStopped() {
    return simulator.now() < stoppedUntil;
  }

  /** When the process last began to run, after a start or a stop. */
  long runsSince() {
    return Math.max(startedAt, stoppedUntil);
  }

  /** Which process of this machine it is. */
  int life() {
    return life;
  }

  void violated(String rule, @Nullable Throwable cause) {
    simulator.violated(name + ": " + rule, cause);
  }

  // ---------------------------------------------------------------- time

  /** What the monotonic clock reads. */
  long nanoTime() {
    return base + (long) (simulator.now() * rate);
  }

  /** Schedules work of the present process, by the true clock. */
  Simulator.Event after(long nanos, String what, Runnable work) {
    int mine = life;
    return simulator.after(nanos, what, () -> runOrDefer(mine, what, work));
  }

  /** Schedules work of the present process, by its own clock. */
  Simulator.Event afterLocal(long nanos, String what, Runnable work) {
    // At least what was asked for on the local clock: rounding must not let timers come early.
    double stretched = Math.min(nanos, Long.MAX_VALUE / 8) / rate;
    return after((long) stretched + 1, what, work);
  }

  /** Runs work of a process; later if it stands still, and never if it has crashed. */
  void runOrDefer(int ofLife, String what, Runnable work) {
    if (ofLife != life || !up) {
      return;
    }
    if (isStopped()) {
      simulator.at(stoppedUntil, what, () -> runOrDefer(ofLife, what, work));
    } else {
      work.run();
    }
  }

  /** How long a parked thread takes to run: mostly microseconds, sometimes it is starved. */
  long wakeUpNanos() {
    if (simulator.chance(lateWakeUps)) {
      long late = simulator.between(0, 3_000 * MILLISECOND);
      starvedUntil = Math.max(starvedUntil, simulator.now() + late);
      return late;
    }
    return simulator.between(MICROSECOND, 100 * MICROSECOND);
  }

  /** Whether all of this machine ran all the time since a moment. */
  boolean ranSince(long moment) {
    return Math.max(runsSince(), starvedUntil) <= moment;
  }

  /** Lets a judge look at something on this machine, which does not stop meanwhile. */
  <T> T watch(Supplier<T> look) {
    watched = true;
    try {
      return look.get();
    } finally {
      watched = false;
    }
  }

  void adopt(SimThread thread) {
    threads.add(thread);
  }

  /** A thread of this machine reads the clock: a moment at which the whole machine may stop. */
  private void maybeStopHere() {
    SimThread running = SimThread.current();
    if (running != null && up && !watched && simulator.chance(midCodeStops)) {
      long length = simulator.between(MILLISECOND, 4_000 * MILLISECOND);
      simulator.note("stops in mid code", threads.indexOf(running));
      stop(length);
      running.stopWithMachine(stoppedUntil);
    }
  }

  private final class Clocks implements Environment.Ticker {
    @Override
    public long nanoTime() {
      maybeStopHere();
      return Machine.this.nanoTime();
    }

    @Override
    public long epochMillis() {
      return START_MILLIS + (long) (simulator.now() * rate) / MILLISECOND + wallAheadMillis;
    }
  }

  private final class Tasks implements Environment.Scheduler {
    private final int mine = life;
    private boolean closed;

    @Override
    public Environment.Cancellable schedule(Runnable work, Duration delay) {
      if (closed || mine != life) {
        return () -> {};
      }
      long nanos = Environment.saturatedNanos(delay);
      return afterLocal(nanos, "timer", work)::cancel;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private static final class Parking implements Environment.Parker {
    @Override
    public void park(Object blocker, long nanos) {
      SimThread running = SimThread.current();
      if (running == null) {
        throw new IllegalStateException("the thread of the event queue waits for " + blocker);
      }
      running.park(nanos);
    }

    @Override
    public void unpark(Thread thread) {
      if (thread instanceof SimThread simulated) {
        simulated.unpark();
      }
    }
  }
}
