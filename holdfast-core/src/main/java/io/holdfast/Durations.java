package io.holdfast;

import java.time.Duration;

/** The rule for durations that callers give. */
final class Durations {

  private Durations() {}

  /**
   * Checks a duration.
   *
   * @param what its name in the message
   * @throws IllegalArgumentException if it is zero or negative
   */
  static Duration requirePositive(String what, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(
          what + " must be more than zero, not " + value + "; give a positive Duration");
    }
    return value;
  }
}
