package io.holdfast.engine;

/**
 * A session is gone for good, with every grant and waiter it had. Engine to node only: the node
 * tells its holders and opens a new session.
 */
public final class SessionEndedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says which session ended.
   *
   * @param session its number
   * @param reason why, if known
   */
  public SessionEndedException(long session, String reason) {
    super("session " + session + " has ended: " + reason);
  }
}
