package io.holdfast.sim;

import java.util.ArrayList;
import java.util.List;

/** Makes faults, until it is told to heal. */
final class Nemesis {

  private static final long MILLISECOND = 1_000_000;

  private final World world;
  private final Simulator simulator;
  private final Network network;
  private final List<SimNode> nodes;
  private final double intensity;
  private boolean over;

  Nemesis(World world, Network network, List<SimNode> nodes, double intensity) {
    this.world = world;
    this.simulator = world.simulator();
    this.network = network;
    this.nodes = nodes;
    this.intensity = intensity;
  }

  /** Begins to make faults. */
  void start() {
    if (intensity == 0) {
      return;
    }
    for (SimNode node : nodes) {
      node.machine().disturb(intensity * 1e-4, intensity * 0.01);
    }
    spoilNetwork();
    next();
  }

  /** Mends everything; machines that stand still or are down go on when their time has come. */
  void heal(List<SimNode> core) {
    over = true;
    network.quality(Network.Quality.GOOD);
    for (SimNode node : core) {
      node.machine().disturb(0, 0);
      network.mend(node.machine(), world.server().machine());
      network.mend(world.server().machine(), node.machine());
    }
  }

  /** Breaks a node for good. */
  void breakForGood(SimNode node) {
    Machine server = world.server().machine();
    int way = simulator.random().nextInt(5);
    world.coverage().count("broken for good: " + way);
    switch (way) {
      case 0 -> network.cut(node.machine(), server);
      case 1 -> network.cut(server, node.machine());
      case 2 -> {
        network.cut(node.machine(), server);
        network.cut(server, node.machine());
      }
      case 3 -> node.machine().stop(Long.MAX_VALUE / 4);
      default -> node.crash(Long.MAX_VALUE / 4);
    }
  }

  private void next() {
    long pause = (long) (50 * MILLISECOND / (0.05 + intensity));
    simulator.after(
        simulator.between(0, 2 * pause),
        "nemesis",
        () -> {
          if (!over) {
            strike();
            next();
          }
        });
  }

  private void strike() {
    SimNode node = nodes.get(simulator.random().nextInt(nodes.size()));
    long ttl = world.ttl().toNanos();
    switch (simulator.random().nextInt(16)) {
      case 0, 1 -> cut(node, ttl);
      case 2, 3 -> {
        world.coverage().count("fault: machine stops");
        node.machine().stop(simulator.between(0, 2 * ttl));
      }
      case 4 -> {
        if (node.machine() != world.server().machine()) {
          node.crash(simulator.between(0, 2 * ttl));
        }
      }
      case 5 -> {
        world.coverage().count("fault: server stalls");
        world.server().machine().stop(simulator.between(0, ttl / 2));
      }
      case 6 -> {
        world.coverage().count("fault: wall clock jumps");
        node.machine().jumpWallClock(simulator.between(-3_600_000, 3_600_000));
      }
      case 7 -> node.restartGracefully();
      case 8 -> spoilNetwork();
      default -> world.interruptSomebody();
    }
  }

  private void cut(SimNode node, long ttl) {
    Machine client = node.machine();
    Machine server = world.server().machine();
    List<Runnable> mending = new ArrayList<>();
    int way = simulator.random().nextInt(3);
    if (way != 0) {
      network.cut(client, server);
      mending.add(() -> network.mend(client, server));
    }
    if (way != 1) {
      network.cut(server, client);
      mending.add(() -> network.mend(server, client));
    }
    world.coverage().count(way == 2 ? "fault: cut" : "fault: cut in one direction");
    simulator.after(
        simulator.between(0, 2 * ttl),
        "mend",
        () -> {
          if (!over) {
            mending.forEach(Runnable::run);
          }
        });
  }

  private void spoilNetwork() {
    double bad = intensity * simulator.random().nextDouble();
    network.quality(
        new Network.Quality(bad * 0.15, bad * 0.15, bad * 0.1, bad * 0.1, bad * 0.5));
  }
}
