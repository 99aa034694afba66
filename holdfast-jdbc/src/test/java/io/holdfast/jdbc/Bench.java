package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.fail;

import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** A lock file, the stores that a test opens on it, and patience. */
final class Bench implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(20);
  static final String SPACE = "test";

  final Path file;
  final Environment environment = Environment.system("bench");

  /** Nanoseconds that the clock of this bench's stores is ahead of the machine's. */
  final AtomicLong ahead = new AtomicLong();

  private final List<JdbcRecordStore> stores = new ArrayList<>();

  Bench(Path directory) {
    file = FileLocation.prepare(directory.resolve("locks.db"));
  }

  JdbcRecordStore open() {
    return open(SPACE);
  }

  JdbcRecordStore open(String space) {
    return open(space, Machine.of(environment.ticker()).boot());
  }

  JdbcRecordStore open(String space, String boot) {
    Environment.Ticker real = environment.ticker();
    Environment.Ticker shifted =
        new Environment.Ticker() {
          @Override
          public long nanoTime() {
            return real.nanoTime() + ahead.get();
          }

          @Override
          public long epochMillis() {
            return real.epochMillis();
          }
        };
    JdbcRecordStore store =
        JdbcRecordStore.open(
            new SqliteDialect(file, new Machine(boot, shifted)), space, environment);
    stores.add(store);
    return store;
  }

  /** Closes all stores, as if their processes had ended by choice. */
  void closeStores() {
    stores.forEach(JdbcRecordStore::close);
    stores.clear();
  }

  /** Runs SQL on the file, from this process, through SQLite. */
  void sql(String... statements) {
    sqlOn(file, statements);
  }

  static void sqlOn(Path database, String... statements) {
    try (Connection connection = org.sqlite.JDBC.createConnection(url(database), properties());
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    } catch (SQLException failure) {
      throw new AssertionError(failure);
    }
  }

  /** A number from the file. */
  long number(String sql) {
    try (Connection connection = org.sqlite.JDBC.createConnection(url(file), properties());
        Sql statements = new Sql(connection)) {
      return statements.number(sql);
    } catch (SQLException failure) {
      throw new AssertionError(failure);
    }
  }

  private static String url(Path database) {
    return "jdbc:sqlite:" + database;
  }

  private static Properties properties() {
    return new Properties();
  }

  static SessionTerms terms(Duration ttl) {
    return new SessionTerms(ttl, "node", "host", ProcessHandle.current().pid());
  }

  static SessionTerms terms() {
    return terms(SessionTerms.DEFAULT_TTL);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(Stored stored) {
    return stored.bytes() == null ? null : new String(stored.bytes(), StandardCharsets.UTF_8);
  }

  static Outcome write(JdbcRecordStore store, String name, long expected, String text) {
    return await(
        store.compareAndSet(
            new Write(name, expected, text == null ? null : bytes(text), Set.of())));
  }

  static <T> T await(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException failure) {
      if (failure.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new AssertionError(failure.getCause());
    } catch (TimeoutException | InterruptedException failure) {
      throw new AssertionError(failure);
    }
  }

  /** Waits until something is so; returns how long it took. */
  Duration eventually(String what, BooleanSupplier condition) {
    long start = environment.ticker().nanoTime();
    while (!condition.getAsBoolean()) {
      if (environment.ticker().nanoTime() - start > PATIENCE.toNanos()) {
        fail("not within " + PATIENCE + ": " + what);
      }
      LockSupport.parkNanos(1_000_000);
    }
    return Duration.ofNanos(environment.ticker().nanoTime() - start);
  }

  /** Lets time pass. */
  void pass(Duration time) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    environment.scheduler().schedule(() -> over.complete(null), time);
    await(over);
  }

  @Override
  public void close() {
    closeStores();
    environment.scheduler().close();
  }
}
