package io.holdfast.jdbc;

import io.holdfast.engine.Environment.Ticker;
import io.holdfast.engine.SessionTerms;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The rows of sessions, and who is dead. Used by the store's thread. */
final class Sessions {

  // A row lives until somebody deletes it, and a deleted session is dead for good: its number never
  // comes again. A session may be renewed as long as its row is there, even past its expiry;
  // whoever finds it expired, or its process gone, deletes the row on condition that it was not
  // renewed since. So renewal and death cannot both happen, and the database's order of the two
  // decides. Until the row is deleted, nobody treats the session as dead.
  //
  // Rows of sessions that no record mentions are nobody's business; each new session sweeps them.
  //
  // Waiters ask for the dead again and again, each for all sessions of its lock, so the work grows
  // with the square of their number. An answer "alive" is therefore given again for a moment that
  // is short beside the interval at which waiters ask, and many sessions are read in one go.

  private static final long ALIVE_FOR_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int MANY = 16;

  private static final String END_IF = "DELETE FROM session WHERE id = ? AND expires_at = ?";
  private static final String END = "DELETE FROM session WHERE id = ?";
  private static final String PUBLISH =
      """
      INSERT INTO report (session, bytes) SELECT ?, ?
      WHERE EXISTS (SELECT 1 FROM session WHERE id = ?)
      ON CONFLICT (session) DO UPDATE SET bytes = excluded.bytes""";
  private static final String PUBLISHED = "SELECT bytes FROM report WHERE session = ?";
  private static final String DESCRIBE = "SELECT ttl, node, host, pid FROM session WHERE id = ?";

  /** What there is to judge a session by. */
  private record Sighting(long session, String place, long expiresAt, boolean expired) {

    static Sighting of(ResultSet row) throws SQLException {
      return new Sighting(row.getLong(1), row.getString(2), row.getLong(3), row.getBoolean(4));
    }
  }

  private final Dialect dialect;
  private final Ticker ticker;
  private final String open;
  private final String renew;
  private final String sightAll;
  private final String sightRange;
  private final Set<Long> lately = new HashSet<>();
  private long latelyBegan;

  Sessions(Dialect dialect, Ticker ticker) {
    this.dialect = dialect;
    this.ticker = ticker;
    String now = dialect.now();
    open =
        "INSERT INTO session (ttl, node, host, pid, place, expires_at, id) VALUES (?, ?, ?, ?, ?, "
            + (now + " + ?, " + dialect.nextVersion() + ") RETURNING id");
    renew = "UPDATE session SET expires_at = " + now + " + ttl WHERE id = ?";
    sightAll = "SELECT id, place, expires_at, expires_at <= " + now + " FROM session";
    sightRange = sightAll + " WHERE id BETWEEN ? AND ?";
  }

  /** Makes a session and shows that it lives. */
  long open(Transaction transaction, SessionTerms terms) throws SQLException {
    sweep(transaction);
    long ttl = terms.ttl().toNanos();
    long session =
        transaction
            .sql()
            .number(open, ttl, terms.node(), terms.host(), terms.pid(), dialect.place(), ttl);
    dialect.claim(session);
    transaction.onRollback(() -> dialect.release(session));
    return session;
  }

  private void sweep(Transaction transaction) throws SQLException {
    for (Sighting seen : transaction.sql().list(sightAll, Sighting::of)) {
      if (looksDead(seen)) {
        endUnlessRenewed(transaction, seen);
      }
    }
  }

  private boolean looksDead(Sighting seen) throws SQLException {
    return seen.expired() || dialect.vanished(seen.session(), seen.place());
  }

  private boolean endUnlessRenewed(Transaction transaction, Sighting seen) throws SQLException {
    boolean ended = transaction.sql().update(END_IF, seen.session(), seen.expiresAt()) == 1;
    if (ended) {
      Notices.drop(transaction, seen.session());
    }
    return ended;
  }

  /** Renews a session; false if it is gone. */
  boolean renew(Transaction transaction, long session) throws SQLException {
    return transaction.sql().update(renew, session) == 1;
  }

  /** Ends a session by choice. */
  void end(Transaction transaction, long session) throws SQLException {
    transaction.sql().update(END, session);
    Notices.drop(transaction, session);
    transaction.afterCommit(() -> lately.remove(session));
  }

  /** Those that have no row, or seem to be dead; without the cost of a transaction. */
  Set<Long> suspects(Transaction transaction, List<Long> sessions) throws SQLException {
    long now = ticker.nanoTime();
    if (now - latelyBegan > ALIVE_FOR_NANOS) {
      lately.clear();
      latelyBegan = now;
    }
    Set<Long> unsure = new HashSet<>();
    for (Long session : sessions) {
      if (!lately.contains(session)) {
        unsure.add(session);
      }
    }
    for (Sighting seen : sight(transaction, unsure)) {
      if (unsure.contains(seen.session()) && !looksDead(seen)) {
        unsure.remove(seen.session());
        lately.add(seen.session());
      }
    }
    return unsure;
  }

  private Collection<Sighting> sight(Transaction transaction, Set<Long> sessions)
      throws SQLException {
    if (sessions.size() > MANY) {
      return transaction
          .sql()
          .list(sightRange, Sighting::of, Collections.min(sessions), Collections.max(sessions));
    }
    Collection<Sighting> seen = new ArrayList<>();
    for (long session : sessions) {
      seen.addAll(transaction.sql().list(sightRange, Sighting::of, session, session));
    }
    return seen;
  }

  /** Makes sure that suspects that have not been renewed stay dead; returns the dead. */
  Set<Long> bury(Transaction transaction, Set<Long> suspects) throws SQLException {
    Set<Long> dead = new HashSet<>(suspects);
    for (Sighting seen : sight(transaction, suspects)) {
      if (suspects.contains(seen.session())
          && !(looksDead(seen) && endUnlessRenewed(transaction, seen))) {
        dead.remove(seen.session());
      }
    }
    return dead;
  }

  /** What sessions said of themselves. */
  Map<Long, SessionTerms> describe(Transaction transaction, Set<Long> sessions)
      throws SQLException {
    Map<Long, SessionTerms> known = new HashMap<>();
    for (long session : sessions) {
      Optional<SessionTerms> terms = transaction.sql().first(DESCRIBE, Sessions::terms, session);
      terms.ifPresent(present -> known.put(session, present));
    }
    return known;
  }

  /** Keeps a session's report; without effect if the session is gone. */
  void publish(Transaction transaction, long session, byte[] report) throws SQLException {
    transaction.sql().update(PUBLISH, session, report, session);
  }

  /** The reports of those that are alive. */
  Map<Long, byte[]> published(Transaction transaction, Set<Long> sessions) throws SQLException {
    Map<Long, byte[]> reports = new HashMap<>();
    for (Long session : sessions) {
      transaction
          .sql()
          .first(PUBLISHED, row -> row.getBytes(1), session)
          .ifPresent(report -> reports.put(session, report));
    }
    return reports;
  }

  private static SessionTerms terms(ResultSet row) throws SQLException {
    return new SessionTerms(
        Duration.ofNanos(row.getLong(1)), row.getString(2), row.getString(3), row.getLong(4));
  }
}
