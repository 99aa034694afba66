package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import java.nio.file.Path;
import java.sql.SQLException;

/** What SQLite's error codes mean for a lock file, and what to do about them. */
final class SqliteErrors {

  // Primary codes; the extended ones have the primary in the low byte.
  private static final int PERM = 3;
  private static final int BUSY = 5;
  private static final int LOCKED = 6;
  private static final int READONLY = 8;
  private static final int IOERR = 10;
  private static final int CORRUPT = 11;
  private static final int FULL = 13;
  private static final int CANTOPEN = 14;
  private static final int CONSTRAINT = 19;
  private static final int NOTADB = 26;

  private SqliteErrors() {}

  private static int code(SQLException failure) {
    return failure.getErrorCode() & 0xff;
  }

  static boolean busy(SQLException failure) {
    return code(failure) == BUSY || code(failure) == LOCKED;
  }

  static boolean constraint(SQLException failure) {
    return code(failure) == CONSTRAINT;
  }

  static RuntimeException explain(Path file, SQLException failure, boolean committing) {
    String said = " (" + failure.getMessage() + ")";
    if (committing && code(failure) != FULL && code(failure) != BUSY) {
      return new OutcomeUnknownException(
          "the last change to the lock file "
              + file
              + " failed while it was being committed"
              + said
              + ", so it may come back after a crash; ask for the same thing again",
          failure);
    }
    return new EngineUnavailableException("the lock file " + file + advice(failure, said), failure);
  }

  private static String advice(SQLException failure, String said) {
    return switch (code(failure)) {
      case BUSY, LOCKED ->
          " has been locked by another process for too long"
              + said
              + "; look for a process that uses it and is stopped (state T), and continue or"
              + " end it";
      case FULL -> " cannot grow: the disk is full" + said + "; make room and try again";
      case READONLY, PERM ->
          " is read-only for this process"
              + said
              + "; give this user write permission for the file and its directory, or choose"
              + " another path";
      case CANTOPEN ->
          " cannot be opened"
              + said
              + "; check that this user may write to the file and its directory, or choose another"
              + " path";
      case NOTADB ->
          " is no lock file and no SQLite database at all" + said + "; choose another path";
      case CORRUPT ->
          " is damaged"
              + said
              + "; end all processes that use it, move it away and start them again: a new file"
              + " needs nothing from the old one";
      case IOERR ->
          " could not be read or written"
              + said
              + "; check the disk and the system's log, then try again";
      default -> " could not be used" + said + "; check the file and try again";
    };
  }
}
