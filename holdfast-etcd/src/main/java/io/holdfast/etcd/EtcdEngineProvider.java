package io.holdfast.etcd;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.util.Set;

/** Opens {@code etcd://} and {@code etcds://}: locks in etcd. */
public final class EtcdEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public EtcdEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("etcd", "etcds");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    return EtcdEngine.open(EtcdOptions.parse(uri), space, environment);
  }
}
