package io.holdfast.cli;

/** The command line makes no sense. The message says how to write it. */
final class UsageException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
