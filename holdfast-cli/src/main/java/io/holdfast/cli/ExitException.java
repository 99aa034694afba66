package io.holdfast.cli;

/** Ends the command with a message for its user and an exit code. */
final class ExitException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int code;

  /**
   * Ends the command.
   *
   * @param code one of {@link ExitCodes}
   * @param message ends with the next step
   */
  ExitException(int code, String message) {
    super(message);
    this.code = code;
  }

  int code() {
    return code;
  }
}
