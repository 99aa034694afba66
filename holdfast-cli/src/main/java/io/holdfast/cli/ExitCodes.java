package io.holdfast.cli;

/**
 * What the command's exit code says. Those of {@code flock} and {@code timeout} where they have
 * one; {@code run} returns its command's own code otherwise. docs/cli.md has the table for users.
 */
final class ExitCodes {

  /** All is well. */
  static final int OK = 0;

  /** The answer is no: not granted in time (as flock), nothing to release, a check failed. */
  static final int NO = 1;

  /** Doctor: locks work, but may be lost or given twice with these settings. */
  static final int UNSAFE = 2;

  /** The command line makes no sense (as flock). */
  static final int USAGE = 64;

  /** The lock was lost and the command ended for that reason; a later try may succeed. */
  static final int LOST = 75;

  /** The command was ended because its time was over (as timeout). */
  static final int TIMED_OUT = 124;

  /** Holdfast itself failed, for example because the engine cannot be reached (as timeout). */
  static final int FAILED = 125;

  /** The command was found but cannot be run (as timeout). */
  static final int CANNOT_RUN = 126;

  /** The command was not found (as timeout). */
  static final int NOT_FOUND = 127;

  /** Added to the number of the signal that ended the command, or the wait for the lock. */
  static final int SIGNALLED = 128;

  private ExitCodes() {}
}
