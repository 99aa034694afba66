package io.holdfast.jdbc;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** The sessions of a store, and the notices that other stores leave for them. */
final class Notices {

  // A notice is a row (session, name, count); a second notice for the same name counts it up, so
  // there are never more rows than names that a session has to do with. To be quick, a notice is
  // passed on when it is read; its row is deleted by the next transaction that writes anyway, and
  // until then `passedOn` remembers it. It is deleted only with the count that was passed on, so a
  // notice that comes in between is not lost.

  private static final String LEAVE =
      """
      INSERT INTO notice (session, name, count) SELECT id, ?, 1 FROM session WHERE id = ?
      ON CONFLICT (session, name) DO UPDATE SET count = notice.count + 1""";
  private static final String FIND = "SELECT name, count FROM notice WHERE session = ?";
  private static final String REMOVE =
      "DELETE FROM notice WHERE session = ? AND name = ? AND count = ?";
  private static final String REMOVE_ALL = "DELETE FROM notice WHERE session = ?";

  private record Key(long session, String name) {}

  private record Notice(String name, long count) {}

  private final Dialect dialect;
  private final Map<Long, Consumer<String>> listeners = new ConcurrentHashMap<>();
  private final Map<Key, Long> passedOn = new HashMap<>();
  private long lastChange = -1;

  Notices(Dialect dialect) {
    this.dialect = dialect;
  }

  /** Passes on the notices for a session from now on. */
  void subscribe(long session, Consumer<String> listener) {
    listeners.put(session, listener);
  }

  /** Stops passing on. Returns whether it was a session of this store. */
  boolean unsubscribe(long session) {
    return listeners.remove(session) != null;
  }

  /** The sessions of this store. */
  Iterable<Long> sessions() {
    return listeners.keySet();
  }

  /** Whether anybody here could get a notice. */
  boolean expected() {
    return !listeners.isEmpty();
  }

  /** Tells sessions of this store directly, and leaves notices for the others. */
  void leave(Transaction transaction, Iterable<Long> sessions, String name) throws SQLException {
    boolean others = false;
    for (long session : sessions) {
      if (listeners.containsKey(session)) {
        transaction.afterCommit(() -> passOn(session, name));
      } else {
        others |= transaction.sql().update(LEAVE, StoredName.of(name), session) > 0;
      }
    }
    if (others) {
      transaction.afterCommit(dialect::announce);
    }
  }

  /** Removes all notices for a session that has ended. */
  static void drop(Transaction transaction, long session) throws SQLException {
    transaction.sql().update(REMOVE_ALL, session);
  }

  /** Removes the notices that were passed on. */
  void tidy(Transaction transaction) throws SQLException {
    if (passedOn.isEmpty()) {
      return;
    }
    for (Map.Entry<Key, Long> entry : passedOn.entrySet()) {
      Key key = entry.getKey();
      transaction.sql().update(REMOVE, key.session(), StoredName.of(key.name()), entry.getValue());
    }
    // Nothing is passed on between here and the commit: both are the store thread's work.
    transaction.afterCommit(passedOn::clear);
  }

  /** Passes on new notices; returns whether there were any. */
  boolean poll(Sql sql) throws SQLException {
    if (listeners.isEmpty()) {
      return false;
    }
    long change = dialect.change();
    if (change == lastChange) {
      return false;
    }
    boolean any = false;
    for (long session : listeners.keySet()) {
      for (Notice notice : find(sql, session)) {
        Long before = passedOn.put(new Key(session, notice.name()), notice.count());
        if (before == null || before != notice.count()) {
          passOn(session, notice.name());
          any = true;
        }
      }
    }
    lastChange = change;
    return any;
  }

  private static Iterable<Notice> find(Sql sql, long session) throws SQLException {
    return sql.list(
        FIND, row -> new Notice(StoredName.read(row.getBytes(1)), row.getLong(2)), session);
  }

  private void passOn(long session, String name) {
    Consumer<String> listener = listeners.get(session);
    if (listener == null) {
      return;
    }
    try {
      listener.accept(name);
    } catch (RuntimeException thrown) {
      LoggerFactory.getLogger(Notices.class)
          .warn("session {} failed to look at {}; it will look again later", session, name, thrown);
    }
  }
}
