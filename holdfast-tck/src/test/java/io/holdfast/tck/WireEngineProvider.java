package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.net.URI;
import java.util.Set;

/** Opens {@code wire://127.0.0.1:PORT}: an engine on a {@link WireServer}. */
public final class WireEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public WireEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("wire");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    String bug = uri.getQuery() == null ? "" : uri.getQuery().replace('+', ' ');
    WireRecordStore store = WireBugs.client(bug, uri.getPort(), space);
    return WireBugs.engine(bug, new StoreEngine(store, environment));
  }
}
