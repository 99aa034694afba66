package io.holdfast.redis;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.util.Set;

/** Opens {@code redis://} and its kin; see {@link RedisEngine}. */
public final class RedisEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public RedisEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return RedisLocation.schemes();
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    return RedisEngine.open(uri, space, environment);
  }
}
