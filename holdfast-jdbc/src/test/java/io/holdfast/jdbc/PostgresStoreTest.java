package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.RecordStore;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class PostgresStoreTest extends ServerStoreRules {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = Postgres.start();
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
}
