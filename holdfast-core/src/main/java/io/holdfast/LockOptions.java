package io.holdfast;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How a node treats one lock. Immutable; each method returns a changed copy.
 *
 * <pre>{@code
 * DistributedLock month = locks.lock("ledger", LockOptions.DEFAULT.maxHold(Duration.ofMinutes(5)));
 * }</pre>
 */
public final class LockOptions {

  /** Whether a node keeps a lock that it released until another node asks for it. */
  public enum Retention {
    /** Keep it while this node is the one that uses it; taking it again then costs no network. */
    ADAPTIVE,
    /** Give it back at every release. */
    OFF
  }

  /** In which order waiters get the lock. */
  public enum Fairness {
    /**
     * Between nodes first come, first served. Inside a node a running thread may overtake a parked
     * one, one round at most.
     */
    NODE,
    /** One global order of arrival over all threads of all nodes; implies no retention. */
    STRICT
  }

  /** Adaptive retention, fairness between nodes, no maximal hold. */
  public static final LockOptions DEFAULT =
      new LockOptions(Retention.ADAPTIVE, Fairness.NODE, null, false);

  private final Retention retention;
  private final Fairness fairness;
  private final @Nullable Duration maxHold;
  private final boolean followPermits;

  private LockOptions(
      Retention retention, Fairness fairness, @Nullable Duration maxHold, boolean followPermits) {
    this.retention = retention;
    this.fairness = fairness;
    this.maxHold = maxHold;
    this.followPermits = followPermits;
  }

  /** With another retention. */
  public LockOptions retention(Retention newRetention) {
    return new LockOptions(newRetention, fairness, maxHold, followPermits);
  }

  /** With another fairness. */
  public LockOptions fairness(Fairness newFairness) {
    return new LockOptions(retention, newFairness, maxHold, followPermits);
  }

  /**
   * With a limit on how long one outermost hold may last. At its end the hold is lost, and the lock
   * moves on with a larger token: the work must be fenced or end by itself.
   *
   * @param limit more than zero
   * @throws IllegalArgumentException if the limit is zero or negative
   */
  public LockOptions maxHold(Duration limit) {
    Durations.requirePositive("maxHold", limit);
    return new LockOptions(retention, fairness, limit, followPermits);
  }

  /**
   * Of a semaphore: whether the search for deadlocks follows its permits, which by default it does
   * not. Say yes only where whoever acquires permits gives them back himself, and not before what
   * he waits for meanwhile has come. Where permits are given back by somebody else, a wait could be
   * ended with {@link DeadlockException} although it would have come to its end. Nodes that say no
   * are taken to give their permits back in time.
   *
   * @param follow whether to follow them
   */
  public LockOptions followPermits(boolean follow) {
    return new LockOptions(retention, fairness, maxHold, follow);
  }

  /** Whether released locks are kept. */
  public Retention retention() {
    return fairness == Fairness.STRICT ? Retention.OFF : retention;
  }

  /** In which order waiters get the lock. */
  public Fairness fairness() {
    return fairness;
  }

  /** How long one hold may last; empty for as long as its owner wishes. */
  public Optional<Duration> maxHold() {
    return Optional.ofNullable(maxHold);
  }

  /** Whether the search for deadlocks follows the permits of a semaphore. */
  public boolean followPermits() {
    return followPermits;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LockOptions options
        && options.retention == retention
        && options.fairness == fairness
        && options.followPermits == followPermits
        && options.maxHold().equals(maxHold());
  }

  @Override
  public int hashCode() {
    return Objects.hash(retention, fairness, maxHold, followPermits);
  }

  @Override
  public String toString() {
    return "retention "
        + retention()
        + ", fairness "
        + fairness
        + ", maxHold "
        + maxHold
        + (followPermits ? ", permits followed" : "");
  }
}
