package io.holdfast;

/**
 * The name is in use as a lock of another kind (lock, read-write lock, semaphore with another
 * number of permits). Use another name, or the same kind everywhere.
 */
public final class LockKindMismatchException extends LockRefusedException {

  private static final long serialVersionUID = 1L;

  /**
   * Says which kinds clash.
   *
   * @param message ends with the next step
   */
  public LockKindMismatchException(String message) {
    super(message);
  }
}
