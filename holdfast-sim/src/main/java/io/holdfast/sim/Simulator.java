package io.holdfast.sim;

import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The event queue of a simulated world, and the only source of its time and chance. Events run one
 * after the other in the order of their due times, and of their scheduling when due at once. The
 * idea of one queue with checks after each event is that of Kafka's {@code
 * RaftEventSimulationTest}.
 *
 * <p>Used by one thread at a time: the one that runs the queue, or the {@link SimThread} whose turn
 * it is.
 */
final class Simulator {

  /** Work that is due at some time. */
  static final class Event implements Comparable<Event> {
    private final long due;
    private final long order;
    private final String what;
    private @Nullable Runnable work;

    private Event(long due, long order, String what, Runnable work) {
      this.due = due;
      this.order = order;
      this.what = what;
      this.work = work;
    }

    /** Calls the work off if it has not run. */
    void cancel() {
      work = null;
    }

    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(due, other.due);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> queue = new PriorityQueue<>();
  private final SplittableRandom random;
  private final @Nullable Consumer<String> trace;
  private long now;
  private long scheduled;
  private long events;
  private long fingerprint;
  private @Nullable Violation violation;

  /**
   * A world at time zero.
   *
   * @param seed decides everything that happens
   * @param trace gets a line for everything that happens; {@code null} for nobody
   */
  Simulator(long seed, @Nullable Consumer<String> trace) {
    this.random = new SplittableRandom(seed);
    this.fingerprint = seed;
    this.trace = trace;
  }

  /** The true time, in nanoseconds since the beginning. */
  long now() {
    return now;
  }

  /** How many events have run. */
  long events() {
    return events;
  }

  /** What tells this run from every other one. */
  long fingerprint() {
    return fingerprint;
  }

  SplittableRandom random() {
    return random;
  }

  /** Whether something happens that happens with this probability. */
  boolean chance(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  /** A length of time between two others, in nanoseconds. */
  long between(long least, long most) {
    return most <= least ? least : least + random.nextLong(most - least);
  }

  /** Schedules work; {@code what} is a constant that names it. */
  Event after(long nanos, String what, Runnable work) {
    return at(now + Math.max(0, nanos), what, work);
  }

  Event at(long due, String what, Runnable work) {
    Event event = new Event(Math.max(now, due), scheduled++, what, work);
    queue.add(event);
    return event;
  }

  /** Runs the next event; false if there is none before the end. */
  boolean step(long end) {
    Event next = queue.peek();
    while (next != null && next.work == null) {
      queue.poll();
      next = queue.peek();
    }
    if (next == null || next.due > end) {
      now = Math.max(now, end);
      return false;
    }
    queue.poll();
    now = next.due;
    events++;
    note(next.what, next.order);
    Runnable work = next.work;
    next.cancel();
    if (work != null) {
      work.run();
    }
    if (violation != null) {
      throw violation;
    }
    return true;
  }

  /** Notes that something happened, for the fingerprint and the trace. */
  void note(String what, long subject) {
    fingerprint = mix(fingerprint ^ mix(now ^ what.hashCode()) ^ subject);
    if (trace != null) {
      say(what + " " + subject);
    }
  }

  /** Adds a line to the trace. */
  void say(String line) {
    if (trace != null) {
      trace.accept(String.format("%12.6f ms  %s", now / 1e6, line));
    }
  }

  /** Whether anybody reads the trace, so that lines are worth making. */
  boolean isTraced() {
    return trace != null;
  }

  /**
   * A rule was broken. Kept until the present event ends, because the code under test catches what
   * its callbacks throw.
   */
  void violated(String rule, @Nullable Throwable cause) {
    say("VIOLATION " + rule);
    if (violation == null) {
      violation = new Violation(rule, cause);
    }
  }

  /** Finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
  private static long mix(long value) {
    long mixed = (value ^ (value >>> 30)) * 0xbf58476d1ce4e5b9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
    return mixed ^ (mixed >>> 31);
  }
}
