package io.holdfast.bench;

import java.util.ArrayList;
import java.util.List;

/**
 * What a path may cost. A limit of zero is no limit.
 *
 * @param atMost the largest measured value
 * @param ratioAtMost the largest ratio to the peer
 * @param ratioAtLeast the smallest ratio to the peer
 * @param allocationFree whether nothing may be allocated
 */
record Budget(double atMost, double ratioAtMost, double ratioAtLeast, boolean allocationFree) {

  /** Reported only. */
  static final Budget NONE = new Budget(0, 0, 0, false);

  /**
   * Below this, in bytes, nothing is allocated. The smallest object has 16. What is left is a new
   * grant id, once in thousands of acquisitions, and what ran before it was compiled.
   */
  private static final double NOTHING = 4;

  /** Whether times are within the limits. */
  boolean holds(double measured, double ratio) {
    return (atMost == 0 || measured <= atMost)
        && (ratioAtMost == 0 || ratio <= ratioAtMost)
        && ratio >= ratioAtLeast;
  }

  /** Whether allocation is within the limit. */
  boolean holds(double allocated) {
    return !allocationFree || allocated < NOTHING;
  }

  boolean limitsTime() {
    return atMost > 0 || ratioAtMost > 0 || ratioAtLeast > 0;
  }

  String text(String unit) {
    List<String> limits = new ArrayList<>();
    if (atMost > 0) {
      limits.add("≤ " + Math.round(atMost) + unit);
    }
    if (ratioAtMost > 0) {
      limits.add("≤ " + ratioAtMost + "×");
    }
    if (ratioAtLeast > 0) {
      limits.add("≥ " + ratioAtLeast + "×");
    }
    if (allocationFree) {
      limits.add("0 B");
    }
    return limits.isEmpty() ? "–" : String.join(", ", limits);
  }
}
