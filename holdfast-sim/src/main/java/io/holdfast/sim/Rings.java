package io.holdfast.sim;

import java.util.List;
import java.util.Optional;

/** Forms rings among the processes of a world, one after the other on each of a few lanes. */
final class Rings {

  /** Counts the rings that are over. */
  static final String ENDED = "ring: ended";

  private static final long MILLISECOND = 1_000_000;

  private final World world;
  private final Simulator simulator;
  private final List<SimNode> nodes;
  private int formed;

  Rings(World world, List<SimNode> nodes) {
    this.world = world;
    this.simulator = world.simulator();
    this.nodes = List.copyOf(nodes);
  }

  /** Begins to form rings. */
  void start() {
    int lanes = 1 + simulator.random().nextInt(3);
    for (int i = 0; i < lanes; i++) {
      formLater();
    }
  }

  private void formLater() {
    simulator.after(simulator.between(0, 500 * MILLISECOND), "ring", this::form);
  }

  private void form() {
    if (!world.isWorking()) {
      return;
    }
    List<SimNode> connected =
        nodes.stream().filter(node -> node.holdfast() != null && node.machine().isUp()).toList();
    Optional<Ring> ring = Optional.empty();
    if (!connected.isEmpty()) {
      ring = Ring.form(world, "ring/" + ++formed, connected);
    }
    if (ring.isPresent()) {
      look(ring.get());
    } else {
      formLater();
    }
  }

  private void look(Ring ring) {
    if (ring.isOver()) {
      ring.judge();
      world.coverage().count(ENDED);
      formLater();
    } else {
      simulator.after(20 * MILLISECOND, "ring goes on", () -> look(ring));
    }
  }
}
