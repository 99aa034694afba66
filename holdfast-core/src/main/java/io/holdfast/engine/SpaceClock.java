package io.holdfast.engine;

import java.time.Duration;

/**
 * The clock by which a space judges sessions. It follows a monotonic clock, but a single step
 * counts at most {@link #LONGEST_STEP}: when the whole process was paused, its sessions were as
 * well and could not renew, so that time is not held against them. Not thread-safe.
 */
final class SpaceClock {

  /** How much of the time between two readings counts. */
  static final Duration LONGEST_STEP = Duration.ofMillis(500);

  private long elapsedNanos;
  private long lastReading;

  /**
   * Starts at zero.
   *
   * @param reading of the monotonic clock, in nanoseconds
   */
  SpaceClock(long reading) {
    lastReading = reading;
  }

  /** Goes on from another monotonic clock, of which this is a reading; no time passes. */
  void follow(long reading) {
    lastReading = reading;
  }

  /** Advances to a reading of the monotonic clock and returns the time that has counted so far. */
  long advance(long reading) {
    long step = Math.max(0, reading - lastReading);
    elapsedNanos += Math.min(step, LONGEST_STEP.toNanos());
    lastReading = reading;
    return elapsedNanos;
  }
}
