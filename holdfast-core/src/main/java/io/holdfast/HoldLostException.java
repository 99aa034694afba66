package io.holdfast;

/**
 * The hold can no longer be proven: another owner may have the lock. Stop the work that it
 * protected. An {@link IllegalMonitorStateException}, because that is what {@link
 * java.util.concurrent.locks.Lock#unlock()} throws to somebody who does not hold the lock.
 */
public final class HoldLostException extends IllegalMonitorStateException {

  private static final long serialVersionUID = 1L;

  /** Why it was lost. */
  private final Loss loss;

  /**
   * Says what was lost.
   *
   * @param loss which hold, and why
   */
  public HoldLostException(Loss loss) {
    super(loss.message());
    this.loss = loss;
  }

  /** What was lost, and why. */
  public Loss loss() {
    return loss;
  }
}
