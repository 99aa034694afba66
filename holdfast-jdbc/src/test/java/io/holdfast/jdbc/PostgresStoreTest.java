package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.RecordStore;
import io.holdfast.tck.ServerProcess;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("postgresql")
class PostgresStoreTest extends ServerStoreRules {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = Postgres.start("fsync=on");
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
    return Postgres.uri(server.port());
  }

  @Override
  public String jdbcUrl() {
    return Postgres.jdbcUrl(server);
  }

  @Override
  void setCounterBack() {
    sql("SELECT setval('holdfast.version', 5)");
  }

  @Test
  void aSessionGetsAChannelOnceItIsProvenThatNotificationsArrive() {
    RecordStore store = open("channel");
    long session = await(store.openSession(terms(), name -> {}));
    eventually("a channel", () -> channels(session) == 1);

    sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            + " WHERE pid <> pg_backend_pid() AND query LIKE 'LISTEN%'");
    long other =
        await(open(uri() + "?holdfast.listen=false", "channel").openSession(terms(), n -> {}));
    assertThat(channels(other)).isZero();
    eventually("a channel again", () -> channels(session) == 1);
  }

  private long channels(long session) {
    return number(
        "SELECT count(*) FROM holdfast.session WHERE channel IS NOT NULL AND id = " + session);
  }

  @Override
  public Fresh emptyDatabase(String name) {
    sql("CREATE DATABASE " + name);
    String jdbcUrl = jdbcUrl().replace("/postgres?", "/" + name + "?");
    return new Fresh(uri().replace("/postgres", "/" + name), jdbcUrl);
  }

  /** A statement begins where a line does. */
  @Override
  public List<String> statements() {
    return Pattern.compile("^(?=CREATE|INSERT)", Pattern.MULTILINE)
        .splitAsStream(Script.read("io/holdfast/jdbc/postgresql.sql"))
        .skip(1)
        .toList();
  }

  @Test
  void F52_nodesThatStartAtOnceBehindAPoolerAllGetIn() throws Exception {
    emptyDatabase("pooled");
    try (ServerProcess pooler = PgBouncer.before(server)) {
      FirstStartRules.assertThatAllGetIn(
          Postgres.uri(pooler.port()).replace("/postgres", "/pooled"));
    }
  }

  @Test
  void F52_whoVanishesWhileMakingTheTablesIsNotWaitedForForEver() throws Exception {
    Fresh database = emptyDatabase("vanished");
    try (Connection connection = DriverManager.getConnection(database.jdbcUrl())) {
      Sql maker = new Sql(cutOffAtTheCommit(connection));
      assertThatThrownBy(() -> new PostgresDialect("holdfast").create(maker)).hasMessage("cut off");
      eventually("let in", () -> opens(database.uri()));
    }
  }

  private boolean opens(String uri) {
    try {
      open(uri, "late");
      return true;
    } catch (EngineUnavailableException notYet) {
      return false;
    }
  }

  /** The server hears nothing more from this client, and not that it is gone. */
  private static Connection cutOffAtTheCommit(Connection connection) {
    AtomicBoolean cut = new AtomicBoolean();
    return (Connection)
        Proxy.newProxyInstance(
            Connection.class.getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("commit")) {
                cut.set(true);
                throw new SQLException("cut off");
              }
              return cut.get() ? null : method.invoke(connection, arguments);
            });
  }

  @Override
  String scripted(String script) throws Exception {
    sql("CREATE DATABASE scripted", "CREATE USER app");
    String psql = Postgres.program("psql").toString();
    String database = uri().replace("/postgres", "/scripted");
    run(script, psql, database, "--single-transaction", "-v", "ON_ERROR_STOP=1", "--file", "-");
    String tables = " ON ALL TABLES IN SCHEMA holdfast TO app";
    String sequences = " ON ALL SEQUENCES IN SCHEMA holdfast TO app";
    try (Connection connection =
            DriverManager.getConnection(jdbcUrl().replace("/postgres?", "/scripted?"));
        Statement statement = connection.createStatement()) {
      statement.execute("GRANT USAGE ON SCHEMA holdfast TO app");
      statement.execute("GRANT SELECT, INSERT, UPDATE, DELETE" + tables);
      statement.execute("GRANT SELECT, USAGE, UPDATE" + sequences);
    }
    return database.replace("holdfast@", "app@");
  }
}
