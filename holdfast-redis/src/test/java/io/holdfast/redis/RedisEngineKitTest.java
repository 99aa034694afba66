package io.holdfast.redis;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.ServerProcess;
import java.net.URI;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The rules on one server. */
class RedisEngineKitTest extends EngineKit {

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
  protected Engine open(String space, Environment environment) {
    return RedisEngine.open(URI.create(RedisProcess.uri(server)), space, environment);
  }
}
