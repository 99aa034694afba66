package io.holdfast;

import org.jspecify.annotations.Nullable;

/**
 * A change was sent to the engine and not answered, so it may or may not have taken effect. Look,
 * or ask for the same thing again.
 */
public final class OutcomeUnknownException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what failed and what to do next.
   *
   * @param message ends with the next step
   */
  public OutcomeUnknownException(String message) {
    super(message);
  }

  /**
   * Says what failed, why, and what to do next.
   *
   * @param message ends with the next step
   * @param cause why, if known
   */
  public OutcomeUnknownException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
