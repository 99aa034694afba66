package io.holdfast.fence;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The rule of fencing, in memory, for one resource: it remembers the largest token seen, refuses
 * smaller ones and accepts equal ones. Thread-safe.
 *
 * <p>The idea is from Leslie Lamport and was named by Martin Kleppmann ("How to do distributed
 * locking", 2016): a holder that was paused beyond its lease may still write, so the resource
 * itself has to refuse it. The check and the write must be one step; {@link #guard} makes them one
 * for writers in this process.
 */
public final class Fence {

  private final AtomicLong highest;

  /** A fence that has seen no token. */
  public Fence() {
    this(0);
  }

  /**
   * A fence that has seen tokens before a restart.
   *
   * @param highest the largest token seen, 0 for none
   */
  public Fence(long highest) {
    if (highest < 0) {
      throw new IllegalArgumentException(
          "a token is positive, not " + highest + "; give 0 for a fence that has seen none");
    }
    this.highest = new AtomicLong(highest);
  }

  /**
   * Whether a token is not stale; remembers it if so. For a resource that does the write in the
   * same critical section of its own.
   *
   * @param token positive
   */
  public boolean admits(long token) {
    requireToken(token);
    return highest.accumulateAndGet(token, Math::max) == token;
  }

  /**
   * Does a write unless the token is stale, one write at a time.
   *
   * @param token positive
   * @throws StaleTokenException if a larger token was seen before; nothing was written
   */
  public synchronized void guard(long token, Runnable write) {
    if (!admits(token)) {
      throw new StaleTokenException(token, highest());
    }
    write.run();
  }

  /** The largest token seen, 0 for none; what to keep for {@link #Fence(long)} after a restart. */
  public long highest() {
    return highest.get();
  }

  private static void requireToken(long token) {
    if (token <= 0) {
      throw new IllegalArgumentException(
          "a token is positive, not " + token + "; take it from Hold.token()");
    }
  }
}
