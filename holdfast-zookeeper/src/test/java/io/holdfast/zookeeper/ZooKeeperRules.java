package io.holdfast.zookeeper;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import java.net.URI;
import java.time.Duration;

/** The rules on ZooKeeper. */
abstract class ZooKeeperRules extends EngineKit {

  /** Where the servers are. */
  abstract String uri();

  @Override
  protected Engine open(String space, Environment environment) {
    return ZooKeeperEngine.open(URI.create(uri()), space, environment);
  }

  /** Clients and servers share the machine with whatever else runs on it. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }
}
