package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.RecordStore;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("mariadb")
@Tag(Layers.INSTALLED)
class MariaStoreTest extends ServerStoreRules {

  private static final String WAITING =
      "SELECT 1 FROM information_schema.processlist WHERE state = 'User lock'";

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = Maria.start("--innodb-flush-log-at-trx-commit=1");
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  ServerProcess server() {
    return server;
  }

  @Override
  String uri() {
    return Maria.uri(server.port());
  }

  @Override
  public String jdbcUrl() {
    return Maria.jdbcUrl(server);
  }

  @Override
  void setCounterBack() {
    sql("ALTER TABLE holdfast_version AUTO_INCREMENT = 5");
  }

  @Override
  public Fresh emptyDatabase(String name) {
    try (Connection connection = DriverManager.getConnection(root(""));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE " + name);
      statement.execute("GRANT ALL ON " + name + ".* TO holdfast@localhost");
    } catch (SQLException failure) {
      throw new AssertionError(failure);
    }
    return new Fresh(uri().replace("/app", "/" + name), root(name));
  }

  private static String root(String database) {
    return "jdbc:mariadb://127.0.0.1:" + server.port() + "/" + database + "?user=root";
  }

  @Override
  public List<String> statements() {
    String script = Script.read("io/holdfast/jdbc/mariadb.sql");
    return Pattern.compile("^//$", Pattern.MULTILINE)
        .splitAsStream(script.replaceAll("(?m)^(DELIMITER .*|--.*)$", ""))
        .filter(statement -> !statement.isBlank())
        .toList();
  }

  @Test
  void F52_whoMayMakeNoTablesWaitsForWhoeverMakesThem() throws Exception {
    Fresh database = emptyDatabase("made_by_another");
    try (Connection maker = DriverManager.getConnection(database.jdbcUrl());
        Statement statement = maker.createStatement()) {
      statement.execute("CREATE USER guest@localhost IDENTIFIED BY 'secret'");
      statement.execute(
          "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON made_by_another.* TO guest@localhost");
      List<String> statements = statements();
      statement.execute("SELECT GET_LOCK('holdfast_create', 4)");
      statement.execute(statements.get(0));
      ExecutorService thread = Executors.newSingleThreadExecutor();
      try {
        String guest = database.uri().replace("holdfast:", "guest:");
        Future<RecordStore> node = thread.submit(() -> open(guest, "guest"));
        eventually("waits", () -> waits(maker));
        for (String each : statements.subList(1, statements.size())) {
          statement.execute(each);
        }
        statement.execute("SELECT RELEASE_LOCK('holdfast_create')");
        RecordStore store = node.get(60, TimeUnit.SECONDS);
        assertThat(write(store, "a", 0, "x").written()).isTrue();
      } finally {
        thread.shutdownNow();
      }
    }
  }

  private static boolean waits(Connection root) {
    try (Statement statement = root.createStatement();
        ResultSet waiting = statement.executeQuery(WAITING)) {
      return waiting.next();
    } catch (SQLException failure) {
      throw new AssertionError(failure);
    }
  }

  @Override
  String scripted(String script) throws Exception {
    try (Connection connection = DriverManager.getConnection(root(""));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE scripted");
      statement.execute("CREATE USER worker@localhost IDENTIFIED BY 'secret'");
      statement.execute(
          "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON scripted.* TO worker@localhost");
    }
    String mariadb = Maria.program("mariadb").toString();
    run(
        script,
        mariadb,
        "--no-defaults",
        "--host=127.0.0.1",
        "--port=" + server.port(),
        "--user=root",
        "scripted");
    return uri().replace("holdfast:", "worker:").replace("/app", "/scripted");
  }
}
