package io.holdfast.zookeeper;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.util.Set;

/** Opens {@code zookeeper://HOST:PORT,.../CHROOT}; see {@link ZooKeeperEngine}. */
public final class ZooKeeperEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public ZooKeeperEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("zookeeper");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    return ZooKeeperEngine.open(uri, space, environment);
  }
}
