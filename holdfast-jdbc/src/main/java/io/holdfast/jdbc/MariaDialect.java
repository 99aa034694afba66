package io.holdfast.jdbc;

import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** MariaDB, and MySQL, which understands the same. What takes more statements is a procedure. */
final class MariaDialect implements ServerDialect {

  private static final String SCRIPT = "io/holdfast/jdbc/mariadb.sql";
  private static final String NAMES = "holdfast_";
  private static final int NO_SUCH_TABLE = 1146;

  private static final List<String> GUARANTEES =
      List.of(
          "crash: a killed process loses its locks when its session expires by the server's clock",
          "pause: the same; its fencing tokens are refused from then on",
          "partition: the same; the node notices it by itself, and before anybody else gets in",
          "restart of the server: locks and sessions are kept with"
              + " innodb_flush_log_at_trx_commit 1; tokens go on growing in any case",
          "failover to a replica: the last changes may be lost, and a lock be held twice until the"
              + " first holder renews; tokens go on growing as long as the clocks of the servers"
              + " agree",
          "several servers that accept writes (Galera, group replication): not supported; let all"
              + " nodes use the same one",
          "jump of a client's clock: no effect",
          "jump of the server's clock: forwards it ends sessions early, their holders hear of it at"
              + " the next renewal; backwards sessions end at most one TTL late");

  private final String qualifier;
  private final String readFormat;
  private final String compareAndSet;
  private final String openSession;
  private final String wake;
  private final String findNotices;
  private final String takeNotices;

  /** The lock tables in a database; {@code null} for that of the connection. */
  MariaDialect(@Nullable String schema) {
    qualifier = schema == null ? NAMES : schema + "." + NAMES;
    readFormat = "SELECT number FROM " + qualifier + "format";
    compareAndSet = "CALL " + qualifier + "compare_and_set(?, ?, ?, ?)";
    openSession = "CALL " + qualifier + "open_session(?, ?, ?, ?, ?)";
    wake =
        "INSERT INTO "
            + qualifier
            + "notice (session, name, times) SELECT id, ?, 1 FROM "
            + qualifier
            + "session WHERE id IN %s ON DUPLICATE KEY UPDATE times = times + 1";
    findNotices = "SELECT session, name FROM " + qualifier + "notice WHERE session IN ";
    takeNotices = "DELETE FROM " + qualifier + "notice WHERE session = ? AND name = ?";
  }

  @Override
  public String type() {
    return "mariadb";
  }

  @Override
  public String qualifier() {
    return qualifier;
  }

  @Override
  public String now() {
    return "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))";
  }

  @Override
  public void prepare(Connection connection) {}

  @Override
  public OptionalLong format(Sql sql) throws SQLException {
    try {
      Optional<Long> number = sql.first(readFormat, row -> row.getLong(1));
      return number.isPresent() ? OptionalLong.of(number.get()) : OptionalLong.empty();
    } catch (SQLException failure) {
      if (failure.getErrorCode() == NO_SUCH_TABLE) {
        return OptionalLong.empty();
      }
      throw failure;
    }
  }

  @Override
  public void create(Sql sql) throws SQLException {
    // No transaction spans statements that make tables. But each of them does nothing where its
    // work is done, and the format comes last: whoever does not find it runs them all. The lock
    // spares those who start at the same time from doing that, and those who may make no tables
    // from being refused while somebody else makes them. Its holder may be hung up: without it,
    // then.
    boolean alone = sql.number("SELECT IFNULL(GET_LOCK('holdfast_create', 4), 0)") == 1;
    try {
      if (format(sql).isEmpty()) {
        runScript(sql);
      }
    } finally {
      if (alone) {
        sql.number("SELECT RELEASE_LOCK('holdfast_create')");
      }
    }
  }

  private void runScript(Sql sql) throws SQLException {
    String script =
        Script.read(SCRIPT).replace(NAMES, qualifier).replaceAll("(?m)^(DELIMITER .*|--.*)$", "");
    try (Statement statement = sql.connection().createStatement()) {
      for (String each : script.split("(?m)^//$", -1)) {
        if (!each.isBlank()) {
          statement.execute(each.strip());
        }
      }
    }
  }

  @Override
  public String script() {
    return SCRIPT;
  }

  @Override
  public Outcome compareAndSet(Sql sql, byte[] space, Write write) throws SQLException {
    byte[] name = StoredName.of(write.name());
    byte @Nullable [] bytes = write.bytes();
    Outcome outcome =
        sql.first(
                compareAndSet,
                row -> {
                  boolean written = row.getBoolean(1);
                  long version = row.getLong(2);
                  if (version == 0) {
                    boolean nothing = bytes == null && write.expected() == 0;
                    return new Outcome(written || nothing, Stored.ABSENT);
                  }
                  return new Outcome(
                      written, new Stored(version, written ? bytes : row.getBytes(3)));
                },
                space,
                name,
                write.expected(),
                bytes)
            .orElseThrow(() -> new SQLException("no answer to a compare-and-set"));
    if (outcome.written() && !write.wake().isEmpty()) {
      tell(sql, write.wake(), name);
    }
    return outcome;
  }

  /** The change has been made: a wake-up that fails is one that got lost. */
  private void tell(Sql sql, Collection<Long> sessions, byte[] name) {
    try {
      wake(sql, sessions, name);
    } catch (SQLException lost) {
      // The waiters look by themselves.
    }
  }

  @Override
  public long openSession(Sql sql, byte[] space, SessionTerms terms, @Nullable String channel)
      throws SQLException {
    return sql.number(
        openSession,
        space,
        ServerSessions.micros(terms.ttl()),
        terms.node(),
        terms.host(),
        terms.pid());
  }

  @Override
  public void wake(Sql sql, Collection<Long> sessions, byte[] name) throws SQLException {
    List<Object> parameters = new ArrayList<>();
    parameters.add(name);
    parameters.addAll(Arrays.asList(ServerSessions.filled(sessions)));
    sql.update(wake.formatted(ServerSessions.places(sessions.size())), parameters.toArray());
  }

  @Override
  public List<Notice> takeNotices(Sql sql, Collection<Long> sessions) throws SQLException {
    // Passed on after it is deleted: what came in between is about something that was committed
    // before, and will be seen by whoever looks because of the first.
    List<Notice> notices =
        sql.list(
            findNotices + ServerSessions.places(sessions.size()),
            row -> new Notice(row.getLong(1), StoredName.read(row.getBytes(2))),
            ServerSessions.filled(sessions));
    for (Notice notice : notices) {
      sql.update(takeNotices, notice.session(), StoredName.of(notice.name()));
    }
    return notices;
  }

  @Override
  public List<Finding> examine(Sql sql) throws SQLException {
    return MariaExamination.of(sql);
  }

  @Override
  public List<String> guarantees() {
    return GUARANTEES;
  }

  @Override
  public @Nullable String advice(SQLException failure) {
    return switch (failure.getErrorCode()) {
      case 1045, 1698 -> "check user and password";
      case 1044, 1142, 1143, 1227, 1370 ->
          "give this user the rights that are listed at the head of " + SCRIPT + " in the jar";
      case 1049 -> "make the database, or correct its name";
      case 1040, 1203 ->
          "raise the server's max_connections, or open fewer nodes with fewer connections each";
      case 1290, 1836 ->
          "this server is read-only, maybe a replica: give the address of the primary";
      case 1021, 1114 -> "make room on the server's disk";
      case 1665 -> "set binlog_format to ROW or MIXED on the server";
      default -> null;
    };
  }
}
