package io.holdfast.jdbc;

import io.holdfast.fence.StaleTokenException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;

/**
 * The rule of fencing for what is written to a SQL database: the database remembers the largest
 * token seen, refuses smaller ones and accepts equal ones, in the transaction that writes. So a
 * holder that was paused beyond its lease changes nothing, whatever it believes. Stateless.
 *
 * <p>Where a row is what the lock protects, give it a column for the token and make each write a
 * guarded update:
 *
 * <pre>{@code
 * try (PreparedStatement update = connection.prepareStatement(
 *     "UPDATE account SET balance = ?, fence = ? WHERE id = ? AND fence <= ?")) {
 *   update.setLong(1, balance);
 *   update.setLong(2, hold.token());
 *   update.setLong(3, id);
 *   update.setLong(4, hold.token());
 *   JdbcFence.requireWritten(update.executeUpdate(), hold.token());
 * }
 * }</pre>
 *
 * <p>Where it is more than a row, let a table of guards have a row for each resource:
 *
 * <pre>{@code
 * connection.setAutoCommit(false);
 * JdbcFence.guard(connection, "ledger/2026-11", hold.token());
 * // ... any statements ...
 * connection.commit();
 * }</pre>
 */
public final class JdbcFence {

  // The first UPDATE locks the row of the resource until the end of the transaction, so that the
  // check and the writes that follow are one step for all others. A row that is not there is
  // inserted behind a savepoint, since in some databases a failed INSERT spoils the transaction.

  /** Makes the table of guards; for PostgreSQL, MariaDB, MySQL, SQLite and others. */
  public static final String CREATE_TABLE =
      "CREATE TABLE IF NOT EXISTS holdfast_guard"
          + " (resource VARCHAR(512) PRIMARY KEY, token BIGINT NOT NULL)";

  private static final String RAISE =
      "UPDATE holdfast_guard SET token = ? WHERE resource = ? AND token <= ?";
  private static final String LOOK = "SELECT token FROM holdfast_guard WHERE resource = ?";
  private static final String INSERT = "INSERT INTO holdfast_guard (resource, token) VALUES (?, ?)";

  private static final int SQLITE_CONSTRAINT = 19;

  private JdbcFence() {}

  /**
   * Refuses a stale token, and lets nobody with another one write until the transaction ends.
   *
   * @param connection in a transaction, which is then to write what is protected; its database has
   *     the table of {@link #CREATE_TABLE}
   * @param resource what is protected, for example the lock's name; at most 512 characters
   * @param token of the hold
   * @throws StaleTokenException if a larger token was seen: roll back
   * @throws IllegalStateException if there is no transaction
   * @throws SQLException if the database refuses a statement: roll back
   */
  public static void guard(Connection connection, String resource, long token) throws SQLException {
    requireToken(token);
    if (connection.getAutoCommit()) {
      throw new IllegalStateException(
          "the guard of "
              + resource
              + " must be in one transaction with what it guards; call setAutoCommit(false) first");
    }
    if (raised(connection, resource, token)) {
      return;
    }
    if (inserted(connection, resource, token) || raised(connection, resource, token)) {
      return;
    }
    throw new StaleTokenException(token, highest(connection, resource));
  }

  /**
   * Judges a guarded update, whose condition includes {@code fence <= token}.
   *
   * @param rows how many rows it changed
   * @param token of the hold
   * @throws StaleTokenException if it changed none: a larger token was seen, or there is no such
   *     row
   */
  public static void requireWritten(int rows, long token) {
    requireToken(token);
    if (rows == 0) {
      throw new StaleTokenException(token);
    }
  }

  private static boolean raised(Connection connection, String resource, long token)
      throws SQLException {
    try (PreparedStatement raise = connection.prepareStatement(RAISE)) {
      raise.setLong(1, token);
      raise.setString(2, resource);
      raise.setLong(3, token);
      return raise.executeUpdate() > 0;
    }
  }

  private static boolean inserted(Connection connection, String resource, long token)
      throws SQLException {
    Savepoint before = connection.setSavepoint();
    try (PreparedStatement insert = connection.prepareStatement(INSERT)) {
      insert.setString(1, resource);
      insert.setLong(2, token);
      insert.executeUpdate();
      return true;
    } catch (SQLException failure) {
      if (!taken(failure)) {
        throw failure;
      }
      connection.rollback(before);
      return false;
    }
  }

  /** Whether somebody else has inserted the row. SQLite has no states, but a code. */
  private static boolean taken(SQLException failure) {
    String state = failure.getSQLState();
    return (state == null || state.isEmpty())
        ? (failure.getErrorCode() & 0xff) == SQLITE_CONSTRAINT
        : state.startsWith("23");
  }

  /** The largest token seen; 0 if none. */
  private static long highest(Connection connection, String resource) throws SQLException {
    try (PreparedStatement look = connection.prepareStatement(LOOK)) {
      look.setString(1, resource);
      try (ResultSet rows = look.executeQuery()) {
        return rows.next() ? rows.getLong(1) : 0;
      }
    }
  }

  private static void requireToken(long token) {
    if (token <= 0) {
      throw new IllegalArgumentException(
          "a token is positive, not " + token + "; take it from Hold.token()");
    }
  }
}
