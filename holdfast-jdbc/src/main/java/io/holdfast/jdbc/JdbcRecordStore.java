package io.holdfast.jdbc;

import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** Records, sessions and notices in three tables; a {@link Dialect} says what is not plain SQL. */
final class JdbcRecordStore implements RecordStore {

  private static final String READ =
      "SELECT version, bytes FROM record WHERE space = ? AND name = ?";
  private static final String DELETE =
      "DELETE FROM record WHERE space = ? AND name = ? AND version = ?";
  private static final String LIST =
      """
      SELECT name, version, bytes FROM record WHERE space = ? AND name > ? AND name >= ?
      ORDER BY name LIMIT ?""";
  private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

  private final String insert;
  private final String update;
  private final String space;
  private final Dialect dialect;
  private final Notices notices;
  private final Sessions sessions;
  private final StoreThread thread;

  private JdbcRecordStore(Dialect dialect, String space, Environment environment) {
    this.dialect = dialect;
    this.space = space;
    String next = dialect.nextVersion();
    insert =
        "INSERT INTO record (space, name, bytes, version) VALUES (?, ?, ?, "
            + next
            + ") ON CONFLICT DO NOTHING RETURNING version";
    update =
        "UPDATE record SET bytes = ?, version = "
            + next
            + " WHERE space = ? AND name = ? AND version = ? RETURNING version";
    notices = new Notices(dialect);
    sessions = new Sessions(dialect, environment.ticker());
    Sql sql = dialect.connect();
    Batch batch = new Batch(sql, dialect, environment);
    thread =
        new StoreThread(
            "holdfast-" + dialect.description().type(),
            sql,
            notices,
            batch,
            environment,
            () -> end(sql, batch));
  }

  /**
   * Connects.
   *
   * @throws io.holdfast.EngineUnavailableException if the database cannot be used
   */
  static JdbcRecordStore open(Dialect dialect, String space, Environment environment) {
    JdbcRecordStore store = new JdbcRecordStore(dialect, space, environment);
    dialect.listen(store.thread::wake);
    store.thread.start();
    return store;
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return thread.read(transaction -> stored(transaction, name));
  }

  private Stored stored(Transaction transaction, String name) throws SQLException {
    return transaction
        .sql()
        .first(READ, row -> new Stored(row.getLong(1), row.getBytes(2)), space, StoredName.of(name))
        .orElse(Stored.ABSENT);
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    return thread.write(
        transaction -> {
          notices.tidy(transaction);
          Optional<Stored> written = written(transaction.sql(), write);
          if (written.isEmpty()) {
            Stored current = stored(transaction, write.name());
            boolean alreadyAbsent = write.bytes() == null && current.bytes() == null;
            return new Outcome(alreadyAbsent && write.expected() == 0, current);
          }
          notices.leave(transaction, write.wake(), write.name());
          return new Outcome(true, written.get());
        });
  }

  private Optional<Stored> written(Sql sql, Write write) throws SQLException {
    byte[] name = StoredName.of(write.name());
    byte[] bytes = write.bytes();
    if (bytes == null) {
      return sql.update(DELETE, space, name, write.expected()) == 1
          ? Optional.of(Stored.ABSENT)
          : Optional.empty();
    }
    Sql.Row<Stored> row = made -> new Stored(made.getLong(1), bytes);
    return write.expected() == 0
        ? sql.first(insert, row, space, name, bytes)
        : sql.first(update, row, bytes, space, name, write.expected());
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    return thread.read(
        transaction ->
            transaction
                .sql()
                .list(
                    LIST,
                    JdbcRecordStore::entry,
                    space,
                    StoredName.of(after),
                    StoredName.of(prefix),
                    limit)
                .stream()
                // Names with the prefix follow one another, and the list begins with them.
                .takeWhile(entry -> entry.name().startsWith(prefix))
                .toList());
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(StoredName.read(row.getBytes(1)), new Stored(row.getLong(2), row.getBytes(3)));
  }

  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
    return thread.write(
        transaction -> {
          dialect.checkIdentity();
          long session = sessions.open(transaction, terms);
          transaction.afterCommit(() -> notices.subscribe(session, onWake));
          return session;
        });
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return thread.writeIdly(
        transaction -> {
          dialect.checkIdentity();
          notices.tidy(transaction);
          boolean renewed = sessions.renew(transaction, session);
          if (!renewed) {
            transaction.afterCommit(() -> forget(session));
          }
          return renewed;
        });
  }

  private void forget(long session) {
    if (notices.unsubscribe(session)) {
      dialect.release(session);
    }
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    return thread.write(
        transaction -> {
          end(transaction, session);
          return null;
        });
  }

  private void end(Transaction transaction, long session) throws SQLException {
    sessions.end(transaction, session);
    transaction.afterCommit(() -> forget(session));
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    List<Long> copy = List.copyOf(asked);
    return thread
        .read(transaction -> sessions.suspects(transaction, copy))
        .thenCompose(
            suspects ->
                suspects.isEmpty()
                    ? CompletableFuture.completedStage(Set.of())
                    : thread.write(transaction -> sessions.bury(transaction, suspects)));
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    Set<Long> copy = Set.copyOf(asked);
    return thread.read(transaction -> sessions.describe(transaction, copy));
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return thread.write(
        transaction -> {
          sessions.publish(transaction, session, report);
          return null;
        });
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    Set<Long> copy = Set.copyOf(asked);
    return thread.read(transaction -> sessions.published(transaction, copy));
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> asked, String name) {
    Set<Long> copy = Set.copyOf(asked);
    return thread.write(
        transaction -> {
          notices.leave(transaction, copy, name);
          return null;
        });
  }

  @Override
  public Duration pollInterval() {
    return POLL_INTERVAL;
  }

  @Override
  public EngineDescription description() {
    return dialect.description();
  }

  @Override
  public void close() {
    thread.close();
  }

  private void end(Sql sql, Batch batch) {
    List<Long> own = new ArrayList<>();
    notices.sessions().forEach(own::add);
    if (!own.isEmpty()) {
      Batch.Work<Boolean> farewell =
          transaction -> {
            for (long session : own) {
              end(transaction, session);
            }
            return true;
          };
      // If it fails, the sessions are dead all the same as soon as the dialect is closed.
      batch.run(List.of(new Batch.Task<>(farewell, Batch.Nature.WRITE)));
    }
    try (dialect) {
      own.forEach(dialect::release);
      sql.close();
    } catch (SQLException unimportant) {
      // Nothing was under way: what was committed is stored.
    }
  }
}
