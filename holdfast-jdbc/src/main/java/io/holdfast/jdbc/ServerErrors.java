package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the errors of a database server mean, and what to do about them. */
final class ServerErrors {

  // Only what the server itself says of a statement proves that nothing happened. Everything else,
  // a lost connection above all, leaves it open whether a change was made.

  private static final Set<String> ENDING = Set.of("57P01", "57P02", "57P03", "57P05");
  private static final int LOCK_WAIT_TIMEOUT = 1205;

  private final ServerDialect dialect;
  private final String location;

  ServerErrors(ServerDialect dialect, String location) {
    this.dialect = dialect;
    this.location = location;
  }

  private static String state(SQLException failure) {
    String state = failure.getSQLState();
    return state == null ? "" : state;
  }

  /** Whether others were in the way and nothing happened: the same again in a moment. */
  static boolean collision(SQLException failure) {
    String state = state(failure);
    return state.startsWith("40") || failure.getErrorCode() == LOCK_WAIT_TIMEOUT;
  }

  /** Whether the connection is of no use any more. */
  static boolean disconnected(SQLException failure) {
    String state = state(failure);
    return state.isEmpty()
        || state.startsWith("08")
        || ENDING.contains(state)
        || failure instanceof SQLRecoverableException
        || failure instanceof SQLTransientConnectionException;
  }

  /** What to tell the caller when no connection could be had. */
  EngineUnavailableException unreachable(SQLException failure) {
    String advice = advice(failure);
    return new EngineUnavailableException(
        "no connection to "
            + location
            + said(failure)
            + "; "
            + (advice != null
                ? advice
                : "check that the server runs there and lets this machine in, then retry"),
        failure);
  }

  /**
   * What to tell the caller of a statement that failed.
   *
   * @param change whether it may have changed something if it was carried out
   */
  RuntimeException failed(SQLException failure, boolean change) {
    if (disconnected(failure)) {
      return change
          ? new OutcomeUnknownException(
              "the connection to "
                  + location
                  + " was lost before a change was answered"
                  + said(failure)
                  + "; send the same command again",
              failure)
          : unreachable(failure);
    }
    String advice = advice(failure);
    return new EngineUnavailableException(
        location
            + " refused a statement"
            + said(failure)
            + "; "
            + (advice != null ? advice : "look at the server's log, then retry"),
        failure);
  }

  private static String said(SQLException failure) {
    String message = failure.getMessage();
    return message == null ? "" : " (" + message.strip().replaceAll("\\s+", " ") + ")";
  }

  private @Nullable String advice(SQLException failure) {
    String own = dialect.advice(failure);
    if (own != null) {
      return own;
    }
    return switch (state(failure)) {
      case "28P01", "28000" -> "check user and password";
      case "3D000" -> "make the database, or correct its name";
      case "53300" ->
          "raise the server's max_connections, or open fewer nodes with fewer connections each";
      case "53100" -> "make room on the server's disk";
      case "25006" -> "this server is read-only, maybe a standby: give the address of the primary";
      default -> null;
    };
  }
}
