package io.holdfast.jdbc;

import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the settings of a MariaDB or MySQL server do to the promises. */
final class MariaExamination {

  private final Sql sql;
  private final List<Finding> findings = new ArrayList<>();

  private MariaExamination(Sql sql) {
    this.sql = sql;
  }

  static List<Finding> of(Sql sql) throws SQLException {
    MariaExamination examination = new MariaExamination(sql);
    examination.version();
    examination.durability();
    examination.role();
    examination.cluster();
    examination.connections();
    return examination.findings;
  }

  private Optional<String> variable(String name) throws SQLException {
    return sql.first(
        "SHOW GLOBAL VARIABLES WHERE Variable_name = ?", row -> row.getString(2), name);
  }

  private void add(Level level, String subject, String text) {
    findings.add(new Finding(level, subject, text));
  }

  private void version() throws SQLException {
    String version = variable("version").orElse("unknown");
    boolean maria = version.contains("MariaDB");
    add(
        maria ? Level.FINE : Level.WARNING,
        "server version",
        maria ? version : version + " is not MariaDB; MySQL has not been tried: run the kit on it");
  }

  private void durability() throws SQLException {
    String flush = variable("innodb_flush_log_at_trx_commit").orElse("unknown");
    add(
        flush.equals("1") ? Level.FINE : Level.UNSAFE,
        "innodb_flush_log_at_trx_commit",
        flush.equals("1")
            ? "1: what is committed survives a crash"
            : flush + ": a crash may undo the last changes of locks; set it to 1");
  }

  private void role() throws SQLException {
    String readOnly = variable("read_only").orElse("OFF");
    boolean writes = readOnly.equals("OFF") || readOnly.equals("0");
    add(
        writes ? Level.FINE : Level.UNSAFE,
        "role",
        writes
            ? "accepts writes; a failover to a replica may lose the last changes: guard with tokens"
            : "read-only, maybe a replica; give the address of the primary");
  }

  private void cluster() throws SQLException {
    boolean galera = variable("wsrep_on").orElse("OFF").equals("ON");
    add(
        galera ? Level.UNSAFE : Level.FINE,
        "cluster",
        galera
            ? "Galera: locks are safe only if all nodes use the same server; let them do so"
            : "one server accepts writes");
  }

  private void connections() throws SQLException {
    long most = Long.parseLong(variable("max_connections").orElse("0"));
    Optional<Long> used =
        sql.first("SHOW GLOBAL STATUS LIKE 'Threads_connected'", row -> row.getLong(2));
    if (used.isEmpty()) {
      add(Level.UNKNOWN, "max_connections", "the server does not tell how many are in use");
      return;
    }
    boolean fine = used.get() * 5 < most * 4;
    add(
        fine ? Level.FINE : Level.WARNING,
        "max_connections",
        used.get() + " of " + most + " are in use" + (fine ? "" : "; raise it"));
  }
}
