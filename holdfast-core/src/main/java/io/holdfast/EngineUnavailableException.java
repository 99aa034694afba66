package io.holdfast;

import org.jspecify.annotations.Nullable;

/**
 * The engine could not be reached or could not do its work. Nothing happened: retry, after what the
 * message says has been checked.
 */
public final class EngineUnavailableException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what failed and what to do next.
   *
   * @param message ends with the next step
   */
  public EngineUnavailableException(String message) {
    super(message);
  }

  /**
   * Says what failed, why, and what to do next.
   *
   * @param message ends with the next step
   * @param cause why, if known
   */
  public EngineUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
