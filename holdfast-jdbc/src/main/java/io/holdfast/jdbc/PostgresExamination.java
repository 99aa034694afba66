package io.holdfast.jdbc;

import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What the settings of a PostgreSQL server do to the promises. */
final class PostgresExamination {

  private static final int OLDEST = 120_000;

  private final Sql sql;
  private final List<Finding> findings = new ArrayList<>();

  private PostgresExamination(Sql sql) {
    this.sql = sql;
  }

  static List<Finding> of(Sql sql) throws SQLException {
    PostgresExamination examination = new PostgresExamination(sql);
    examination.version();
    examination.durability();
    examination.replication();
    examination.isolation();
    examination.connections();
    return examination.findings;
  }

  private String setting(String name) throws SQLException {
    return sql.first("SELECT current_setting(?)", row -> row.getString(1), name).orElse("");
  }

  private void judge(boolean fine, Level otherwise, String subject, String text) {
    findings.add(new Finding(fine ? Level.FINE : otherwise, subject, text));
  }

  private void version() throws SQLException {
    int number = Integer.parseInt(setting("server_version_num"));
    String text = "PostgreSQL " + setting("server_version");
    judge(
        number >= OLDEST,
        Level.WARNING,
        "server version",
        number >= OLDEST ? text : text + " is older than 12, which was never tried; upgrade it");
  }

  private void durability() throws SQLException {
    boolean fsync = setting("fsync").equals("on");
    judge(
        fsync,
        Level.UNSAFE,
        "fsync",
        fsync
            ? "on: what is committed survives a crash"
            : "off: a crash of the machine may undo locks and damage the tables; set it to on");
    boolean pages = setting("full_page_writes").equals("on");
    judge(
        pages,
        Level.WARNING,
        "full_page_writes",
        pages ? "on" : "off: a crash of the machine may damage the tables; set it to on");
    String commit = setting("synchronous_commit");
    findings.add(
        new Finding(
            Level.FINE,
            "synchronous_commit",
            commit
                + (commit.equals("off")
                    ? ": changes of locks are committed with local all the same"
                    : "")));
  }

  private void replication() throws SQLException {
    boolean standby = sql.number("SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END") == 1;
    judge(
        !standby,
        Level.UNSAFE,
        "role",
        standby ? "a standby, which is read-only; give the address of the primary" : "primary");
    boolean synchronous = !setting("synchronous_standby_names").isEmpty();
    String commit = setting("synchronous_commit");
    boolean waits = synchronous && !commit.equals("off") && !commit.equals("local");
    findings.add(
        new Finding(
            waits ? Level.FINE : Level.WARNING,
            "replication",
            waits
                ? "commits wait for a standby: a failover keeps all locks"
                : "commits wait for no standby: a failover may lose the last changes and let a lock"
                    + " be held twice for a while; guard writes with tokens, or set"
                    + " synchronous_standby_names"));
  }

  private void isolation() throws SQLException {
    String isolation = setting("default_transaction_isolation");
    boolean fine = isolation.equals("read committed");
    judge(
        fine,
        Level.UNSAFE,
        "default_transaction_isolation",
        fine
            ? isolation
            : isolation + ": locks are refused; set it to read committed for this user");
  }

  private void connections() throws SQLException {
    long most = Long.parseLong(setting("max_connections"));
    long used =
        sql.number("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'");
    judge(
        used * 5 < most * 4,
        Level.WARNING,
        "max_connections",
        used + " of " + most + " are in use" + (used * 5 < most * 4 ? "" : "; raise it"));
  }
}
