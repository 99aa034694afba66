package io.holdfast.jdbc;

import io.holdfast.engine.SessionTerms;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The rows of sessions on a database server, and who is dead. Thread-safe. */
final class ServerSessions {

  // As in a lock file: a row lives until somebody deletes it, and a deleted session is dead for
  // good, since its number never comes again. It may be renewed as long as its row is there, even
  // past its expiry; whoever finds it expired deletes the row on condition that it still is. The
  // database's order of the two decides. Times are those of the server's clock, microseconds since
  // the epoch. If that clock was set back, sessions would seem to expire much later: a session that
  // expires later than a whole TTL from now is given that TTL.

  /** How far a clock is allowed to be slewed back before it counts. */
  private static final long SLEW_MICROS = 1_000_000;

  private final String renew;
  private final String end;
  private final String sight;
  private final String bury;
  private final String shorten;
  private final String describe;
  private final String publish;
  private final String published;

  ServerSessions(ServerDialect dialect) {
    String table = dialect.qualifier() + "session";
    String now = dialect.now();
    renew = "UPDATE " + table + " SET expires_at = " + now + " + ttl WHERE id = ?";
    end = "DELETE FROM " + table + " WHERE id IN ";
    sight =
        ("SELECT id, CASE WHEN expires_at <= " + now + " THEN 0 WHEN expires_at > " + now)
            + (" + ttl + " + SLEW_MICROS + " THEN 2 ELSE 1 END FROM " + table + " WHERE id IN ");
    bury = "DELETE FROM " + table + " WHERE expires_at <= " + now + " AND id IN ";
    shorten =
        ("UPDATE " + table + " SET expires_at = " + now + " + ttl WHERE expires_at > " + now)
            + (" + ttl + " + SLEW_MICROS + " AND id IN ");
    describe = "SELECT id, ttl, node, host, pid FROM " + table + " WHERE id IN ";
    publish = "UPDATE " + table + " SET report = ? WHERE id = ?";
    published = "SELECT id, report FROM " + table + " WHERE report IS NOT NULL AND id IN ";
  }

  /** The unit in which a TTL is stored. */
  static long micros(Duration ttl) {
    return ttl.toNanos() / 1_000;
  }

  /**
   * Places for as many parameters as there are numbers: always a power of two, so that a driver or
   * a server that keeps prepared statements does not keep one for each number of sessions.
   */
  static String places(int count) {
    int size = Integer.highestOneBit(Math.max(1, 2 * count - 1));
    return "(" + "?, ".repeat(size - 1) + "?)";
  }

  /** The numbers, the last one repeated as often as {@link #places} wants. */
  static Object[] filled(Collection<Long> numbers) {
    Object[] given = numbers.toArray();
    int size = Integer.highestOneBit(Math.max(1, 2 * given.length - 1));
    Object[] filled = Arrays.copyOf(given, size);
    Arrays.fill(filled, given.length, size, given[given.length - 1]);
    return filled;
  }

  /** Renews a session; false if it is gone. */
  boolean renew(Sql sql, long session) throws SQLException {
    return sql.update(renew, session) == 1;
  }

  /** Ends sessions by choice. */
  void end(Sql sql, Collection<Long> sessions) throws SQLException {
    sql.update(end + places(sessions.size()), filled(sessions));
  }

  /** The dead, who stay so. One round trip as long as nobody is. */
  Set<Long> findDead(Sql sql, Set<Long> sessions) throws SQLException {
    Set<Long> alive = new HashSet<>();
    List<Long> expired = new ArrayList<>();
    List<Long> ahead = new ArrayList<>();
    String places = places(sessions.size());
    sql.list(
        sight + places,
        row -> {
          List<Long> others = row.getInt(2) == 0 ? expired : ahead;
          return row.getInt(2) == 1 ? alive.add(row.getLong(1)) : others.add(row.getLong(1));
        },
        filled(sessions));
    if (!ahead.isEmpty()) {
      sql.update(shorten + places(ahead.size()), filled(ahead));
      alive.addAll(ahead);
    }
    if (!expired.isEmpty()) {
      sql.update(bury + places(expired.size()), filled(expired));
      alive.addAll(
          sql.list(sight + places(expired.size()), row -> row.getLong(1), filled(expired)));
    }
    Set<Long> dead = new HashSet<>(sessions);
    dead.removeAll(alive);
    return dead;
  }

  /** What sessions said of themselves. */
  Map<Long, SessionTerms> describe(Sql sql, Set<Long> sessions) throws SQLException {
    return map(sql, describe, ServerSessions::terms, sessions);
  }

  private static SessionTerms terms(ResultSet row) throws SQLException {
    return new SessionTerms(
        Duration.ofNanos(row.getLong(2) * 1_000),
        row.getString(3),
        row.getString(4),
        row.getLong(5));
  }

  /** Keeps a session's report; without effect if the session is gone. */
  void publish(Sql sql, long session, byte[] report) throws SQLException {
    sql.update(publish, report, session);
  }

  /** The reports of those that are alive. */
  Map<Long, byte[]> published(Sql sql, Set<Long> sessions) throws SQLException {
    return map(sql, published, row -> row.getBytes(2), sessions);
  }

  private static <T> Map<Long, T> map(
      Sql sql, String statement, Sql.Row<T> value, Set<Long> sessions) throws SQLException {
    Map<Long, T> found = new HashMap<>();
    if (!sessions.isEmpty()) {
      sql.list(
          statement + places(sessions.size()),
          row -> {
            found.put(row.getLong(1), value.read(row));
            return true;
          },
          filled(sessions));
    }
    return found;
  }
}
