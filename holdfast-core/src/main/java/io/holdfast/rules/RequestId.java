package io.holdfast.rules;

/**
 * The name of one acquire request. It also names the grant that the request leads to, so a repeated
 * or late message can never touch the grant of another request.
 *
 * @param session the session that asks; positive, never reused by the engine
 * @param number positive, never reused within the session
 */
public record RequestId(long session, long number) {

  /** Checks the ranges. */
  public RequestId {
    if (session < 1 || number < 1) {
      throw new IllegalArgumentException(
          "session and number of a request are positive, not " + session + " and " + number);
    }
  }

  @Override
  public String toString() {
    return session + ":" + number;
  }
}
