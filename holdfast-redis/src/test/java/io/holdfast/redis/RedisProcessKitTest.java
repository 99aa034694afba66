package io.holdfast.redis;

import io.holdfast.tck.ProcessKit;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios of real processes on one server. */
class RedisProcessKitTest extends ProcessKit {

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

  /** Each step is a round trip, and many nodes and servers share the processors. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
