package io.holdfast.tck;

import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;

/** The rules on locks in memory. */
class MemoryEngineKitTest extends EngineKit {

  @Override
  KitTime time() {
    return new VirtualTime();
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return EmbeddedEngine.open("kit", space, environment);
  }

  @Override
  protected boolean forgetsWhenClosed() {
    return true;
  }
}
