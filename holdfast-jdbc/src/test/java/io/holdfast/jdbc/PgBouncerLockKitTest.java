package io.holdfast.jdbc;

import io.holdfast.tck.LockKit;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** S20: the scenarios on PostgreSQL behind PgBouncer in transaction mode. */
class PgBouncerLockKitTest extends LockKit {

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
  protected String engineUri() {
    return Postgres.uri(pooler.port());
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
