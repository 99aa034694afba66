package io.holdfast.jdbc;

import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What differs between the database servers that {@link ServerStore} speaks to. Thread-safe; each
 * call uses the connection that it is given, which is in auto-commit mode.
 */
interface ServerDialect {

  /** The short name of the engine. */
  String type();

  /** What is before the name of each table. */
  String qualifier();

  /** The server's clock in microseconds, immune to time zones; an expression. */
  String now();

  /** Makes a connection fit: whatever a statement relies on. */
  void prepare(Connection connection) throws SQLException;

  /** The format of what there is; empty if there is nothing, or not all that is needed. */
  OptionalLong format(Sql sql) throws SQLException;

  /**
   * Makes what is needed and not there yet. Several clients may do so at the same time, and any of
   * them may be killed at it: the next one makes the rest.
   */
  void create(Sql sql) throws SQLException;

  /** Where the script is that does what {@link #create} does. */
  String script();

  /** One round trip, or two if somebody is to be woken. */
  Outcome compareAndSet(Sql sql, byte[] space, Write write) throws SQLException;

  /**
   * Makes a session.
   *
   * @param channel where the session hears of wake-ups; {@code null} if it looks for notices
   */
  long openSession(Sql sql, byte[] space, SessionTerms terms, @Nullable String channel)
      throws SQLException;

  /** Wakes sessions. */
  void wake(Sql sql, Collection<Long> sessions, byte[] name) throws SQLException;

  /** Takes the notices away that were left for sessions; what they are about is committed. */
  List<Notice> takeNotices(Sql sql, Collection<Long> sessions) throws SQLException;

  /** What the server's settings do to the promises. */
  List<Finding> examine(Sql sql) throws SQLException;

  /** What is promised, for people. */
  List<String> guarantees();

  /** What an error means, as far as it is particular to this server; {@code null} if it is not. */
  @Nullable String advice(SQLException failure);

  /**
   * A wake-up that was left in a table.
   *
   * @param session for whom
   * @param name which lock
   */
  record Notice(long session, String name) {}
}
