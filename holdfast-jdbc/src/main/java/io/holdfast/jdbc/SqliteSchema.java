package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** The tables of a lock file, the file's format, and the counter that survives a power failure. */
final class SqliteSchema {

  // The counter. Commits of SQLite's WAL with synchronous=NORMAL are safe against the end of any
  // process, but a power failure may lose the last ones, and with them the counter would go back.
  // So `ceiling` is above every version that was ever given out, and raising it is forced to the
  // disk (synchronous=FULL). After another boot the counter goes on at the ceiling. A version above
  // the ceiling cannot even be written: the CHECK fails, the transaction is rolled back, the
  // ceiling is raised and the transaction is tried again. Without a boot id every commit is forced
  // to the disk instead. A fencing token has 12 bits below the version, hence the limit of 2^50.
  //
  // A new file does not begin at 1 but at the milliseconds of the wall clock: who deletes the lock
  // file should not meet smaller tokens afterwards. This is a precaution, not a promise.
  //
  // Statements of JdbcRecordStore read `version + 1` from the counter, and the triggers store it.

  private static final int APPLICATION_ID = 0x484f4c44; // "HOLD"
  private static final int FORMAT = 1;
  private static final long RESERVE = 1L << 20;

  static final String NEXT_VERSION = "(SELECT version + 1 FROM counter)";

  private static final List<String> TABLES =
      List.of(
          """
          CREATE TABLE counter (
            version INTEGER NOT NULL,
            ceiling INTEGER NOT NULL,
            boot TEXT NOT NULL,
            CHECK (version <= ceiling AND ceiling < (1 << 50)))""",
          """
          CREATE TABLE record (
            space TEXT NOT NULL,
            name BLOB NOT NULL,
            version INTEGER NOT NULL,
            bytes BLOB NOT NULL,
            PRIMARY KEY (space, name)) WITHOUT ROWID""",
          """
          CREATE TABLE session (
            id INTEGER PRIMARY KEY,
            ttl INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            place TEXT NOT NULL,
            node TEXT NOT NULL,
            host TEXT NOT NULL,
            pid INTEGER NOT NULL)""",
          """
          CREATE TABLE notice (
            session INTEGER NOT NULL,
            name BLOB NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (session, name)) WITHOUT ROWID""",
          """
          CREATE TRIGGER record_made AFTER INSERT ON record BEGIN
            UPDATE counter SET version = NEW.version;
          END""",
          """
          CREATE TRIGGER record_changed AFTER UPDATE ON record BEGIN
            UPDATE counter SET version = NEW.version;
          END""",
          """
          CREATE TRIGGER session_made AFTER INSERT ON session BEGIN
            UPDATE counter SET version = NEW.id;
          END""",
          "PRAGMA application_id = " + APPLICATION_ID,
          "PRAGMA user_version = " + FORMAT);

  /**
   * What came after the first files of this format were made. Older programs do not look at it, so
   * the format stays.
   */
  private static final List<String> ADDED =
      List.of(
          """
          CREATE TABLE IF NOT EXISTS report (
            session INTEGER PRIMARY KEY,
            bytes BLOB NOT NULL)""",
          """
          CREATE TRIGGER IF NOT EXISTS session_gone AFTER DELETE ON session BEGIN
            DELETE FROM report WHERE session = OLD.id;
          END""");

  private final Path file;
  private final Machine machine;

  SqliteSchema(Path file, Machine machine) {
    this.file = file;
    this.machine = machine;
  }

  /**
   * Makes a connection ready: checks what file it is, makes the tables if it is empty, and lets the
   * counter go on where it may.
   */
  void prepare(Sql sql) throws SQLException {
    boolean empty = look(sql);
    useWal(sql);
    execute(sql, "PRAGMA synchronous = FULL");
    if (empty) {
      create(sql);
    }
    for (String statement : ADDED) {
      execute(sql, statement);
    }
    settleCounter(sql);
    if (machine.knowsBoot()) {
      execute(sql, "PRAGMA synchronous = NORMAL");
    } else {
      // For macOS, where an fsync does not reach the disk; no effect elsewhere.
      execute(sql, "PRAGMA fullfsync = ON");
    }
  }

  /** As {@link #recognise}, in a transaction: another process may be making the tables. */
  private boolean look(Sql sql) throws SQLException {
    execute(sql, "BEGIN");
    try {
      return recognise(sql);
    } finally {
      rollBack(sql);
    }
  }

  /** Whether the file is empty; anything else must be a lock file of this format. */
  private boolean recognise(Sql sql) throws SQLException {
    long application = sql.number("PRAGMA application_id");
    long format = sql.number("PRAGMA user_version");
    if (application == APPLICATION_ID && format == FORMAT) {
      return false;
    }
    if (application == APPLICATION_ID) {
      throw new EngineUnavailableException(
          "the lock file "
              + file
              + " has format "
              + format
              + ", and this version of Holdfast knows format "
              + FORMAT
              + "; upgrade Holdfast, or choose another path");
    }
    if (application != 0 || format != 0 || sql.number("SELECT count(*) FROM sqlite_master") != 0) {
      throw new EngineUnavailableException(
          file + " is an SQLite database of another program; choose another path");
    }
    return true;
  }

  private void useWal(Sql sql) throws SQLException {
    String mode = sql.first("PRAGMA journal_mode = WAL", row -> row.getString(1)).orElse("unknown");
    if (!mode.equalsIgnoreCase("wal")) {
      throw new EngineUnavailableException(
          "the file system of "
              + file
              + " does not support SQLite's write-ahead log (journal mode is "
              + mode
              + "); choose a path on a local disk");
    }
  }

  private void create(Sql sql) throws SQLException {
    execute(sql, "BEGIN IMMEDIATE");
    try {
      // Another process may have made the tables by now.
      if (recognise(sql)) {
        for (String statement : TABLES) {
          execute(sql, statement);
        }
        long start = machine.ticker().epochMillis();
        sql.update(
            "INSERT INTO counter (version, ceiling, boot) VALUES (?, ?, ?)",
            start,
            start + RESERVE,
            machine.boot());
      }
      execute(sql, "COMMIT");
    } catch (SQLException | RuntimeException failure) {
      rollBack(sql);
      throw failure;
    }
  }

  /** After another boot, jumps to the ceiling; raises the ceiling when half of it is used. */
  private void settleCounter(Sql sql) throws SQLException {
    boolean settled =
        sql.number(
                "SELECT count(*) FROM counter WHERE boot = ? AND version + ? < ceiling",
                machine.boot(),
                RESERVE / 2)
            == 1;
    if (!settled) {
      sql.update(
          """
          UPDATE counter SET
            version = CASE boot WHEN ?1 THEN version ELSE ceiling END,
            ceiling = CASE boot WHEN ?1 THEN max(ceiling, version + ?2) ELSE ceiling + ?2 END,
            boot = ?1""",
          machine.boot(),
          RESERVE);
    }
  }

  /** Raises the ceiling, and has that on the disk when it returns. Outside a transaction. */
  void raiseCeiling(Sql sql) throws SQLException {
    execute(sql, "PRAGMA synchronous = FULL");
    try {
      settleCounter(sql);
    } finally {
      if (machine.knowsBoot()) {
        execute(sql, "PRAGMA synchronous = NORMAL");
      }
    }
  }

  private static void execute(Sql sql, String statement) throws SQLException {
    try (Statement once = sql.connection().createStatement()) {
      once.execute(statement);
    }
  }

  private static void rollBack(Sql sql) {
    try {
      execute(sql, "ROLLBACK");
    } catch (SQLException none) {
      // The error has rolled back already.
    }
  }
}
