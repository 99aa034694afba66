package io.holdfast;

import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Nodes on a memory space of their own. */
final class Nodes implements AutoCloseable {

  private static final AtomicInteger SPACES = new AtomicInteger();

  private final String space = "test-" + SPACES.incrementAndGet();
  private final List<Holdfast> open = new ArrayList<>();
  private final List<Environment> environments = new ArrayList<>();

  /** The URI of the space. */
  String uri() {
    return "memory:" + space;
  }

  /** Settings for a node that is closed elsewhere. */
  HoldfastBuilder builder(String node) {
    return Holdfast.builder(uri()).node(node).shutdownHook(false);
  }

  /** A node with default settings. */
  Holdfast open(String node) {
    return open(builder(node));
  }

  /** A node with settings. */
  Holdfast open(HoldfastBuilder builder) {
    Holdfast node = builder.connect();
    open.add(node);
    return node;
  }

  /** An engine on the space, for a node that is to suffer. */
  FaultyEngine faulty() {
    Environment environment = Environment.system("faulty-" + space);
    environments.add(environment);
    return new FaultyEngine(EmbeddedEngine.open(space, HoldfastBuilder.DEFAULT_SPACE, environment));
  }

  @Override
  public void close() {
    open.forEach(Holdfast::close);
    environments.forEach(environment -> environment.scheduler().close());
  }
}
