package io.holdfast.sim;

import io.holdfast.engine.Engine;
import java.util.List;

/** Where the locks of a simulated world are kept. */
interface Server extends AutoCloseable {

  /** The machine it runs on. */
  Machine machine();

  /** A new engine for a process on another machine. */
  Engine connect(Machine client);

  /** The locks that are not at rest, for people. */
  List<String> names();

  /** Another server takes its place, or the same one after a restart. */
  default void failOver() {}

  @Override
  void close();
}
