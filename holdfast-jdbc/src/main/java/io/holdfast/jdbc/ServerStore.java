package io.holdfast.jdbc;

import io.holdfast.engine.Calls;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import io.holdfast.jdbc.Workers.Nature;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** Records, sessions and notices in the tables of a database server. */
final class ServerStore implements RecordStore {

  private static final Duration FAREWELL = Duration.ofSeconds(2);

  /** Waiters look about every two of these, and a dead holder is to be noticed within a second. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(250);

  private final ServerDialect dialect;
  private final ServerSessions sessions;
  private final byte[] space;
  private final String read;
  private final String list;
  private final String location;
  private final Workers workers;
  private final WakeUps wakeUps;

  private ServerStore(ServerSettings settings, String space, Environment environment) {
    this.dialect = settings.dialect();
    this.location = settings.location();
    this.space = space.getBytes(StandardCharsets.UTF_8);
    sessions = new ServerSessions(dialect);
    String records = dialect.qualifier() + "record";
    read = "SELECT version, bytes FROM " + records + " WHERE space = ? AND name = ?";
    list =
        "SELECT name, version, bytes FROM "
            + records
            + " WHERE space = ? AND name > ? AND name >= ? ORDER BY name LIMIT ?";
    ServerErrors errors = new ServerErrors(dialect, location);
    new ServerSchema(settings, errors).check();
    workers = new Workers(settings, errors, environment);
    wakeUps = new WakeUps(dialect, workers, environment);
    if (settings.listens()) {
      wakeUps.listen(new PostgresListener(settings.source(), workers, environment));
    }
  }

  /**
   * Connects.
   *
   * @throws io.holdfast.EngineUnavailableException if the database cannot be used
   */
  static ServerStore open(ServerSettings settings, String space, Environment environment) {
    return new ServerStore(settings, space, environment);
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    wakeUps.alert();
    byte[] key = StoredName.of(name);
    return workers.submit(
        Nature.READ,
        sql ->
            sql.first(read, row -> new Stored(row.getLong(1), row.getBytes(2)), space, key)
                .orElse(Stored.ABSENT));
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    if (!write.wake().isEmpty()) {
      wakeUps.alert();
    }
    return workers.submit(Nature.CHANGE, sql -> dialect.compareAndSet(sql, space, write));
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    byte[] begin = StoredName.of(prefix);
    byte[] last = StoredName.of(after);
    return workers.submit(
        Nature.READ,
        sql ->
            sql.list(list, ServerStore::entry, space, last, begin, limit).stream()
                // Names with the prefix follow one another, and the list begins with them.
                .takeWhile(entry -> entry.name().startsWith(prefix))
                .toList());
  }

  private static Entry entry(ResultSet row) throws SQLException {
    return new Entry(StoredName.read(row.getBytes(1)), new Stored(row.getLong(2), row.getBytes(3)));
  }

  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
    return workers.submit(
        Nature.CHANGE,
        sql -> {
          String channel = wakeUps.channel();
          long session = dialect.openSession(sql, space, terms, channel);
          wakeUps.subscribe(session, onWake, channel);
          return session;
        });
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return workers
        .submit(Nature.URGENT, sql -> sessions.renew(sql, session))
        .thenApply(
            alive -> {
              if (!alive) {
                wakeUps.unsubscribe(session);
              }
              return alive;
            });
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    wakeUps.unsubscribe(session);
    return workers.submit(
        Nature.REPEATABLE,
        sql -> {
          sessions.end(sql, List.of(session));
          return null;
        });
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    Set<Long> copy = Set.copyOf(asked);
    return copy.isEmpty()
        ? CompletableFuture.completedStage(Set.of())
        : workers.submit(Nature.REPEATABLE, sql -> sessions.findDead(sql, copy));
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    Set<Long> copy = Set.copyOf(asked);
    return workers.submit(Nature.READ, sql -> sessions.describe(sql, copy));
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    byte[] copy = report.clone();
    return workers.submit(
        Nature.REPEATABLE,
        sql -> {
          sessions.publish(sql, session, copy);
          return null;
        });
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    Set<Long> copy = Set.copyOf(asked);
    return workers.submit(Nature.READ, sql -> sessions.published(sql, copy));
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> asked, String name) {
    wakeUps.alert();
    Set<Long> others = wakeUps.deliverHere(asked, name);
    if (others.isEmpty()) {
      return CompletableFuture.completedStage(null);
    }
    byte[] key = StoredName.of(name);
    return workers.submit(
        Nature.REPEATABLE,
        sql -> {
          dialect.wake(sql, others, key);
          return null;
        });
  }

  @Override
  public Duration pollInterval() {
    return POLL_INTERVAL;
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription(dialect.type(), location, dialect.guarantees());
  }

  @Override
  public CompletionStage<List<Finding>> examine() {
    return workers.submit(
        Nature.READ,
        sql -> {
          List<Finding> findings = new ArrayList<>(dialect.examine(sql));
          findings.addAll(wakeUps.examine());
          return findings;
        });
  }

  /** The sessions end as if their nodes had closed them; if that fails, they expire. */
  @Override
  public void close() {
    List<Long> own = wakeUps.close();
    if (!own.isEmpty()) {
      CompletionStage<Void> ended =
          Calls.call(
              () ->
                  workers.submit(
                      Nature.REPEATABLE,
                      sql -> {
                        sessions.end(sql, own);
                        return null;
                      }));
      try {
        ended.toCompletableFuture().get(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
      } catch (ExecutionException | TimeoutException unheard) {
        LoggerFactory.getLogger(ServerStore.class)
            .debug("{} sessions were not ended and will expire", own.size(), unheard);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }
    workers.close();
  }
}
