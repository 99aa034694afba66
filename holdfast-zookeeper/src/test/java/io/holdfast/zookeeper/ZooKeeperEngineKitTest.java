package io.holdfast.zookeeper;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The rules on three servers: each engine speaks to any of them, and followers lag behind. */
class ZooKeeperEngineKitTest extends EngineKit {

  private static TestEnsemble ensemble;

  @BeforeAll
  static void start() {
    ensemble = new TestEnsemble();
  }

  @AfterAll
  static void stop() {
    ensemble.close();
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return ZooKeeperEngine.open(URI.create(ensemble.uri()), space, environment);
  }

  /** Clients and server share the machine with whatever else runs on it. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }
}
