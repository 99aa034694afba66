package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;

/** The rules on an engine made of compare-and-set. */
class StoreEngineKitTest extends EngineKit {

  @Override
  KitTime time() {
    return new VirtualTime();
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return new StoreEngine(new HeapRecordStore(space, environment), environment);
  }
}
