package io.holdfast.fence;

/**
 * A write came with a token smaller than one seen before: its holder has lost the lock. Nothing was
 * written; stop, and acquire the lock again.
 */
public final class StaleTokenException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what was refused.
   *
   * @param token the stale token
   * @param highest the largest token seen
   */
  public StaleTokenException(long token, long highest) {
    super(
        "token "
            + token
            + " is stale, "
            + highest
            + " was seen: the lock was lost; stop, and acquire it again");
  }

  /**
   * Says what was refused by a resource that does not tell the largest token it has seen.
   *
   * @param token the stale token
   */
  public StaleTokenException(long token) {
    super(
        "token "
            + token
            + " is stale, a larger one was seen: the lock was lost; stop, and acquire it again");
  }
}
