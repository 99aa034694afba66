package io.holdfast;

/**
 * The lock was refused for a reason that a retry does not remove, or not without a change
 * elsewhere. The message says which. Nothing is held because of the failed call.
 */
public class LockRefusedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what was refused and what to do next.
   *
   * @param message ends with the next step
   */
  public LockRefusedException(String message) {
    super(message);
  }
}
