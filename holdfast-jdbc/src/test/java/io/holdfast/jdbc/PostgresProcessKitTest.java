package io.holdfast.jdbc;

import io.holdfast.tck.ProcessKit;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios of real processes on PostgreSQL. */
class PostgresProcessKitTest extends ProcessKit {

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
  protected String engineUri() {
    // Hundreds of nodes that do next to nothing need no more.
    return Postgres.uri(server.port()) + "?holdfast.connections=2";
  }

  /** Each step is a commit to a disk, and each node a process of the server or two. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
