package io.holdfast.zookeeper;

import io.holdfast.EngineUnavailableException;

/**
 * Transaction numbers of the ensemble as versions of records. Every change of anything in the
 * ensemble has one, strictly larger than all before it, also across deletions, restarts and
 * leaders: the epoch of the leader in the upper half, a counter in the lower.
 */
final class Zxid {

  // docs/decisions/0010-zookeeper-engine.md: why not another mapping.

  /** Versions from here on would make negative tokens: epoch 524,288. */
  private static final long LIMIT = 1L << 51;

  private Zxid() {}

  /**
   * Checks that a zxid fits.
   *
   * @throws EngineUnavailableException if the ensemble has elected too many leaders
   */
  static long version(long zxid) {
    if (zxid <= 0 || zxid >= LIMIT) {
      throw new EngineUnavailableException(
          "the ensemble is in epoch "
              + (zxid >>> 32)
              + ", and fencing tokens fit up to epoch 524287; move the locks to a new ensemble, and"
              + " let the guarded resources forget the tokens of the old one");
    }
    return zxid;
  }

  /** How many more leaders may be elected. */
  static long epochsLeft(long zxid) {
    return (LIMIT >>> 32) - 1 - (zxid >>> 32);
  }
}
