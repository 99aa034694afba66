package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.net.URI;
import java.util.Set;

/** Opens {@code heap:test}: an engine made of compare-and-set on maps of this process. */
public final class HeapEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public HeapEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("heap");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    return new StoreEngine(new HeapRecordStore(space, environment), environment);
  }
}
