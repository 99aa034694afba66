package io.holdfast.jdbc;

import io.holdfast.tck.LockKit;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios on MariaDB. */
class MariaLockKitTest extends LockKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = Maria.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected String engineUri() {
    return Maria.uri(server.port());
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
