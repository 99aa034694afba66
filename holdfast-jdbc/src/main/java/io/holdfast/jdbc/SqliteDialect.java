package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.EngineDescription;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sqlite.Function;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.SQLiteOpenMode;

/** SQLite: a lock file for the processes of one machine. */
final class SqliteDialect implements Dialect {

  // A session's place is the boot and the identity of the live file that it has a byte of locked.
  // Another boot (if both are known): it is dead. Another live file, because somebody has deleted
  // that file: nothing can be seen, and only its expiry counts.

  private static final String NOW = "holdfast_now";
  private static final long OPENING_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final String SEPARATOR = " ";

  private static final List<String> GUARANTEES =
      List.of(
          "crash: a killed process loses its locks at once, by the end of its OS file lock",
          "pause: a stopped process loses its locks when its session expires; its fencing tokens"
              + " are refused from then on. Stopped in the middle of a write, it makes all others"
              + " wait",
          "clock jump: no effect, sessions expire by the machine's monotonic clock",
          "reboot: all locks are free afterwards, and tokens go on growing",
          "power failure: the same; the last commits may be lost, but never a token",
          "network file systems: not supported, known ones are refused");

  private final Path file;
  private final Machine machine;
  private final SqliteSchema schema;
  private @Nullable LiveFile live;
  private String fileKey = "";
  private Runnable woken = () -> {};

  SqliteDialect(Path file, Machine machine) {
    this.file = file;
    this.machine = machine;
    schema = new SqliteSchema(file, machine);
  }

  @Override
  public Sql connect() {
    loadLibrary();
    boolean connected = false;
    try {
      live = LiveFile.open(file);
      fileKey = LiveFile.keyOf(file);
      Sql sql = connectPatiently();
      connected = true;
      return sql;
    } catch (IOException failure) {
      throw new EngineUnavailableException(
          "the file "
              + file
              + "-live, which shows who is alive, cannot be opened ("
              + failure
              + "); give this user write permission for it and its directory, or choose another"
              + " path",
          failure);
    } catch (SQLException failure) {
      throw SqliteErrors.explain(file, failure, false);
    } finally {
      if (!connected) {
        close();
      }
    }
  }

  private static void loadLibrary() {
    try {
      SQLiteJDBCLoader.initialize();
    } catch (Exception | LinkageError failure) {
      throw new EngineUnavailableException(
          "SQLite's native library could not be loaded ("
              + failure.getMessage()
              + "); the driver unpacks it to "
              + System.getProperty("org.sqlite.tmpdir", System.getProperty("java.io.tmpdir"))
              + ", which must be writable and not mounted noexec: set -Dorg.sqlite.tmpdir to such"
              + " a directory",
          failure);
    }
  }

  private Sql connectPatiently() throws SQLException {
    boolean turn = awaitTurn(OPENING_NANOS);
    try {
      long start = machine.ticker().nanoTime();
      while (true) {
        try {
          return connectOnce();
        } catch (SQLException failure) {
          boolean patient = machine.ticker().nanoTime() - start < OPENING_NANOS;
          if (!patient || !SqliteErrors.busy(failure)) {
            throw failure;
          }
          LockSupport.parkNanos(this, RETRY_NANOS);
        }
      }
    } finally {
      if (turn) {
        endTurn();
      }
    }
  }

  private Sql connectOnce() throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    // FileLocation has made the file. Should it be gone, that is not for SQLite to repair.
    config.resetOpenMode(SQLiteOpenMode.CREATE);
    config.setBusyTimeout(0);
    Connection connection = config.createConnection("jdbc:sqlite:" + file);
    Sql sql = new Sql(connection);
    boolean ready = false;
    try {
      schema.prepare(sql);
      Function.create(connection, NOW, new Clock(machine));
      ready = true;
      return sql;
    } finally {
      if (!ready) {
        sql.close();
      }
    }
  }

  /** The machine's clock as a function of SQL. */
  private static final class Clock extends Function {
    private final Machine machine;

    Clock(Machine machine) {
      this.machine = machine;
    }

    @Override
    protected void xFunc() throws SQLException {
      result(machine.ticker().nanoTime());
    }
  }

  @Override
  public void listen(Runnable listener) {
    woken = listener;
    live().listen(listener);
  }

  private LiveFile live() {
    LiveFile opened = live;
    if (opened == null) {
      throw new IllegalStateException("connect first");
    }
    return opened;
  }

  @Override
  public String now() {
    return NOW + "()";
  }

  @Override
  public String nextVersion() {
    return SqliteSchema.NEXT_VERSION;
  }

  @Override
  public boolean awaitTurn(long nanos) {
    return live().awaitTurn(nanos);
  }

  @Override
  public void endTurn() {
    live().endTurn();
  }

  @Override
  public String beginWrite() {
    return "BEGIN IMMEDIATE";
  }

  @Override
  public long change() {
    return live().announced();
  }

  @Override
  public String place() {
    return machine.boot() + SEPARATOR + live().key();
  }

  @Override
  public void claim(long session) throws SQLException {
    try {
      live().claim(session);
    } catch (IOException failure) {
      throw lockFailure(failure);
    }
  }

  @Override
  public void release(long session) {
    try {
      live().release(session);
    } catch (IOException closed) {
      // The lock went with the channel.
    }
  }

  @Override
  public boolean vanished(long session, String place) throws SQLException {
    int boundary = place.indexOf(SEPARATOR);
    String boot = place.substring(0, boundary);
    String key = place.substring(boundary + SEPARATOR.length());
    if (machine.knowsBoot() && !boot.isEmpty() && !boot.equals(machine.boot())) {
      return true;
    }
    try {
      return key.equals(live().key()) && live().vanished(session);
    } catch (IOException failure) {
      throw lockFailure(failure);
    }
  }

  private SQLException lockFailure(IOException failure) {
    return new SQLException("locking in " + file + "-live failed: " + failure, failure);
  }

  @Override
  public void checkIdentity() throws SQLException {
    String key;
    try {
      key = LiveFile.keyOf(file);
    } catch (IOException gone) {
      key = "gone";
    }
    if (!key.equals(fileKey)) {
      throw new EngineUnavailableException(
          "the lock file "
              + file
              + " was deleted or replaced while in use, so others no longer see this process's"
              + " locks; restart the processes that use it");
    }
  }

  @Override
  public void announce() {
    live().announce(woken);
  }

  @Override
  public Remedy remedy(SQLException failure) {
    if (SqliteErrors.busy(failure)) {
      return Remedy.RETRY;
    }
    return SqliteErrors.constraint(failure) ? Remedy.REPLENISH : Remedy.NONE;
  }

  @Override
  public void replenish(Sql sql) throws SQLException {
    schema.raiseCeiling(sql);
  }

  @Override
  public RuntimeException explain(SQLException failure, boolean committing) {
    return SqliteErrors.explain(file, failure, committing);
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription("file", file.toString(), GUARANTEES);
  }

  @Override
  public void close() {
    LiveFile opened = live;
    live = null;
    if (opened == null) {
      return;
    }
    opened.unlisten(woken);
    try {
      opened.close(file);
    } catch (IOException unimportant) {
      // The descriptor is gone either way, and the locks with it.
    }
  }
}
