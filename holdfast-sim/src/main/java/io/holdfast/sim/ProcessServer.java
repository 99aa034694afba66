package io.holdfast.sim;

import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Engine;
import io.holdfast.engine.LockView;
import java.util.List;

/** The embedded engine in the process of its users: no network, calls return at once. */
final class ProcessServer implements Server {

  private final Machine machine;
  private final String name;
  private final EmbeddedEngine engine;

  ProcessServer(Machine machine, String name) {
    this.machine = machine;
    this.name = name;
    this.engine = EmbeddedEngine.open(name, "simulated", machine.environment());
  }

  @Override
  public Machine machine() {
    return machine;
  }

  @Override
  public Engine connect(Machine client) {
    return EmbeddedEngine.open(name, "simulated", client.environment());
  }

  @Override
  public List<String> names() {
    return engine.list("", "", 1_000).toCompletableFuture().join().stream()
        .map(LockView::toString)
        .toList();
  }

  @Override
  public void close() {
    engine.close();
  }
}
