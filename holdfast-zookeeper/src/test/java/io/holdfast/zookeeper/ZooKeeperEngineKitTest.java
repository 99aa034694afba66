package io.holdfast.zookeeper;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.ServerProcess;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The rules on a ZooKeeper server. */
class ZooKeeperEngineKitTest extends EngineKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return ZooKeeperEngine.open(
        URI.create("zookeeper://127.0.0.1:" + server.port()), space, environment);
  }

  /** Clients and server share the machine with whatever else runs on it. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }
}
