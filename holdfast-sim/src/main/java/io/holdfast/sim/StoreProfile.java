package io.holdfast.sim;

import java.util.EnumSet;
import java.util.Set;

/**
 * How a simulated store fails: like any store, or like one that Holdfast runs on. What the real
 * ones promise then is in {@code docs/engines.md}, and is what the simulation asks of them.
 */
public enum StoreProfile {
  /** A store that keeps everything, behind a network that does not. */
  ANY,
  /** A file: nothing is sent over a network, and whoever is killed is dead at once. */
  FILE,
  /**
   * PostgreSQL, MariaDB and MySQL: after a restart the sequence of versions leaves some out, and
   * the clock of the server, by which sessions end, may be another one.
   */
  DATABASE,
  /**
   * Redis and Valkey: a replica that becomes the primary may not have got the last second of
   * changes, and its clock may be another one. Dead sessions are forgotten.
   */
  REDIS,
  /**
   * etcd and ZooKeeper: nothing is lost. A new leader gives every session its full TTL again, and
   * sessions end some time after that, at the next tick or second. Dead sessions are forgotten.
   */
  QUORUM;

  /** Those of some faults that can happen to it. */
  Set<Fault> suffers(Set<Fault> faults) {
    Set<Fault> own = EnumSet.noneOf(Fault.class);
    own.addAll(faults);
    if (this == ANY) {
      own.remove(Fault.FAILOVER);
    } else if (this == FILE) {
      own.removeAll(EnumSet.of(Fault.CUT, Fault.MESSAGES, Fault.WAKE_UPS, Fault.FAILOVER));
    }
    return own;
  }

  /** Whether a session ends with its process. */
  boolean seesCrashes() {
    return this == FILE;
  }

  /** Whether nothing is known of a session that has ended. */
  boolean forgetsTheDead() {
    return this == REDIS || this == QUORUM;
  }

  /** How long after its time is over a session may live on, in nanoseconds. */
  long lateness() {
    return this == QUORUM ? 1_000_000_000L : 0;
  }

  /** Whether all sessions that live get their full TTL again at a failover. */
  boolean renewsAll() {
    return this == QUORUM;
  }

  /** Whether sessions end by a wall clock, which may jump. */
  boolean hasWallClock() {
    return this == DATABASE || this == REDIS;
  }

  /** Whether a failover may lose the last changes. */
  boolean losesChanges() {
    return this == REDIS;
  }
}
