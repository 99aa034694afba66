package io.holdfast.zookeeper;

import io.holdfast.tck.Layers;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The rules on three servers: each engine speaks to any of them, and followers lag behind. */
@Tag("zookeeper")
@Tag(Layers.CLUSTER)
class ZooKeeperEnsembleKitTest extends ZooKeeperRules {

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
  String uri() {
    return ensemble.uri();
  }
}
