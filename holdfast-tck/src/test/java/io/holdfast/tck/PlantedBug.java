package io.holdfast.tck;

import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * An engine that is wrong in one way.
 *
 * @param title what is wrong
 * @param caughtBy how the name of the test begins that must fail; empty if nothing is wrong
 * @param opener opens it on a space
 */
record PlantedBug(String title, String caughtBy, BiFunction<String, Environment, Engine> opener) {

  /** A bug around an engine that keeps its locks in memory. */
  static PlantedBug around(String title, String caughtBy, Function<Engine, Engine> breaking) {
    return around(title, caughtBy, (good, environment) -> breaking.apply(good));
  }

  /** As above, where what is wrong takes time. */
  static PlantedBug around(
      String title, String caughtBy, BiFunction<Engine, Environment, Engine> breaking) {
    return new PlantedBug(
        title,
        caughtBy,
        (space, environment) ->
            breaking.apply(EmbeddedEngine.open("broken", space, environment), environment));
  }

  /** A bug in the store below an engine made of compare-and-set. */
  static PlantedBug below(
      String title, String caughtBy, BiFunction<String, Environment, HeapRecordStore> store) {
    return new PlantedBug(
        title,
        caughtBy,
        (space, environment) -> new StoreEngine(store.apply(space, environment), environment));
  }

  @Override
  public String toString() {
    return title;
  }
}
