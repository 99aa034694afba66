package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.ServerProcess;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** S20: the rules on PostgreSQL behind PgBouncer in transaction mode. */
class PgBouncerEngineKitTest extends EngineKit {

  private static ServerProcess server;
  private static ServerProcess pooler;

  @BeforeAll
  static void start() {
    server = Postgres.start();
    pooler = PgBouncer.before(server);
  }

  @AfterAll
  static void stop() {
    if (pooler != null) {
      pooler.close();
    }
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return new DatabaseEngineProvider()
        .open(URI.create(Postgres.uri(pooler.port())), space, environment);
  }

  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }

  /** Each step is a commit to a disk. */
  @Override
  protected int scaled(int full) {
    return Math.max(2, full / 4);
  }
}
