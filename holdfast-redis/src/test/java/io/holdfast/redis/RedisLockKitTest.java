package io.holdfast.redis;

import io.holdfast.tck.LockKit;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios on one server. */
class RedisLockKitTest extends LockKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = RedisProcess.settings().start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected String engineUri() {
    return RedisProcess.uri(server);
  }

  /** One server under load for all tests of this class. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }
}
