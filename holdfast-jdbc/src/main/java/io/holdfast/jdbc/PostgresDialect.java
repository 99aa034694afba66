package io.holdfast.jdbc;

import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** PostgreSQL. What takes more than one statement is done by functions of the server. */
final class PostgresDialect implements ServerDialect {

  private static final String SCRIPT = "io/holdfast/jdbc/postgresql.sql";
  private static final String FORMAT_TABLE = " WHERE schemaname = ? AND tablename = 'format'";
  private static final String LOCK_SCHEMA = "SELECT pg_advisory_xact_lock(5213543512174052)";

  private static final List<String> GUARANTEES =
      List.of(
          "crash: a killed process loses its locks when its session expires by the server's clock",
          "pause: the same; its fencing tokens are refused from then on",
          "partition: the same; the node notices it by itself, and before anybody else gets in",
          "restart of the server: locks and sessions are kept, also with synchronous_commit off",
          "failover with synchronous replication: the same",
          "failover with asynchronous replication: the last changes may be lost, and a lock be held"
              + " twice until the first holder renews; tokens go on growing as long as the clocks"
              + " of the servers agree",
          "jump of a client's clock: no effect",
          "jump of the server's clock: forwards it ends sessions early, their holders hear of it at"
              + " the next renewal; backwards sessions end at most one TTL late");

  private final String schema;
  private final String compareAndSet;
  private final String openSession;
  private final String wake;
  private final String takeNotices;

  /** The lock tables in a schema. */
  PostgresDialect(String schema) {
    this.schema = schema;
    compareAndSet =
        "SELECT written, current, content FROM "
            + qualifier()
            + "compare_and_set(?, ?, ?, ?, ?::bigint[])";
    openSession = "SELECT " + qualifier() + "open_session(?, ?, ?, ?, ?, ?)";
    wake = "SELECT " + qualifier() + "wake(?::bigint[], ?)";
    takeNotices = "DELETE FROM " + qualifier() + "notice WHERE session IN ";
  }

  @Override
  public String type() {
    return "postgresql";
  }

  @Override
  public String qualifier() {
    return schema + ".";
  }

  @Override
  public String now() {
    return "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
  }

  /** No prepared statements on the server: poolers in transaction mode mix them up. */
  @Override
  public void prepare(Connection connection) throws SQLException {
    if (connection.isWrapperFor(PGConnection.class)) {
      connection.unwrap(PGConnection.class).setPrepareThreshold(0);
    }
  }

  @Override
  public OptionalLong format(Sql sql) throws SQLException {
    // A statement that fails would spoil the transaction of `create`.
    if (sql.number("SELECT count(*) FROM pg_tables" + FORMAT_TABLE, schema) == 0) {
      return OptionalLong.empty();
    }
    Optional<Long> number =
        sql.first("SELECT number FROM " + qualifier() + "format", row -> row.getLong(1));
    return number.isPresent() ? OptionalLong.of(number.get()) : OptionalLong.empty();
  }

  @Override
  public void create(Sql sql) throws SQLException {
    Connection connection = sql.connection();
    connection.setAutoCommit(false);
    try (Statement statement = connection.createStatement()) {
      // A client that vanishes without a farewell must not have the lock for hours.
      statement.execute("SET LOCAL idle_in_transaction_session_timeout = '4s'");
      statement.execute(LOCK_SCHEMA);
      if (format(sql).isEmpty()) {
        statement.execute(Script.read(SCRIPT).replaceAll("(?<!')\\bholdfast(?=[.;])", schema));
      }
      connection.commit();
    } catch (SQLException failure) {
      connection.rollback();
      throw failure;
    } finally {
      connection.setAutoCommit(true);
    }
  }

  @Override
  public String script() {
    return SCRIPT;
  }

  @Override
  public Outcome compareAndSet(Sql sql, byte[] space, Write write) throws SQLException {
    byte @Nullable [] bytes = write.bytes();
    return sql.first(
            compareAndSet,
            row -> {
              boolean written = row.getBoolean(1);
              long version = row.getLong(2);
              Stored current =
                  version == 0
                      ? Stored.ABSENT
                      : new Stored(version, written ? bytes : row.getBytes(3));
              return new Outcome(written, current);
            },
            space,
            StoredName.of(write.name()),
            write.expected(),
            bytes,
            array(write.wake()))
        .orElseThrow(() -> new SQLException("no answer to a compare-and-set"));
  }

  private static String array(Collection<Long> numbers) {
    return numbers.stream().map(Object::toString).collect(Collectors.joining(",", "{", "}"));
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
        terms.pid(),
        channel);
  }

  @Override
  public void wake(Sql sql, Collection<Long> sessions, byte[] name) throws SQLException {
    sql.first(wake, row -> true, array(sessions), name);
  }

  @Override
  public List<Notice> takeNotices(Sql sql, Collection<Long> sessions) throws SQLException {
    return sql.list(
        takeNotices + ServerSessions.places(sessions.size()) + " RETURNING session, name",
        row -> new Notice(row.getLong(1), StoredName.read(row.getBytes(2))),
        ServerSessions.filled(sessions));
  }

  @Override
  public List<Finding> examine(Sql sql) throws SQLException {
    return PostgresExamination.of(sql);
  }

  @Override
  public List<String> guarantees() {
    return GUARANTEES;
  }

  @Override
  public @Nullable String advice(SQLException failure) {
    String state = failure.getSQLState();
    return switch (state == null ? "" : state) {
      case "42501" ->
          "give this user the rights that are listed at the head of " + SCRIPT + " in the jar";
      case "HF001" ->
          "set default_transaction_isolation to 'read committed' for this user: ALTER ROLE … SET …";
      default -> null;
    };
  }
}
