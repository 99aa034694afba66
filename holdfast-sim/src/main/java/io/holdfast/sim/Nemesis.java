package io.holdfast.sim;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/** Makes faults, until it is told to heal. */
final class Nemesis {

  private static final long MILLISECOND = 1_000_000;

  /** What strikes, as often as it is listed. Wake-ups are lost all the time. */
  private static final List<Fault> STRIKES =
      List.of(
          Fault.CUT,
          Fault.CUT,
          Fault.STOP,
          Fault.STOP,
          Fault.CRASH,
          Fault.STALL,
          Fault.WALL_CLOCK,
          Fault.RESTART,
          Fault.MESSAGES,
          Fault.INTERRUPT,
          Fault.INTERRUPT,
          Fault.INTERRUPT);

  private final World world;
  private final Simulator simulator;
  private final Network network;
  private final List<SimNode> nodes;
  private final Set<Fault> faults;
  private final double intensity;
  private final List<Fault> strikes;
  private boolean over;

  Nemesis(World world, Network network, List<SimNode> nodes) {
    this.world = world;
    this.simulator = world.simulator();
    this.network = network;
    this.nodes = nodes;
    this.faults = world.plan().faults();
    this.intensity = world.plan().intensity();
    this.strikes = new ArrayList<>(STRIKES);
    if (faults.contains(Fault.FAILOVER)) {
      strikes.addAll(Collections.nCopies(3, Fault.FAILOVER));
    }
  }

  /** Begins to make faults. */
  void start() {
    if (intensity == 0) {
      return;
    }
    if (faults.contains(Fault.STOP)) {
      nodes.forEach(node -> node.machine().disturb(intensity * 1e-4, intensity * 0.01));
    }
    if (faults.contains(Fault.MESSAGES)) {
      spoilNetwork();
    }
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
    // Nothing lies between a process and its file that could be cut.
    int way = world.store() == StoreProfile.FILE ? 4 : simulator.random().nextInt(5);
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
    Fault fault = strikes.get(simulator.random().nextInt(strikes.size()));
    if (!faults.contains(fault)) {
      return;
    }
    SimNode node = nodes.get(simulator.random().nextInt(nodes.size()));
    long ttl = world.ttl().toNanos();
    switch (fault) {
      case CUT -> cut(node, ttl);
      case MESSAGES -> spoilNetwork();
      case STOP -> {
        long length = simulator.between(0, 2 * ttl);
        if (simulator.chance(0.4)) {
          network.ambush(node.machine(), () -> stop(node, length));
        } else {
          stop(node, length);
        }
      }
      case CRASH -> {
        if (node.machine() != world.server().machine()) {
          node.crash(simulator.between(0, 2 * ttl));
        }
      }
      case STALL -> {
        world.coverage().count("fault: server stalls");
        world.server().machine().stop(simulator.between(0, ttl / 2));
      }
      case FAILOVER -> world.server().failOver();
      case WALL_CLOCK -> {
        world.coverage().count("fault: wall clock jumps");
        node.machine().jumpWallClock(jump());
      }
      case RESTART -> node.restartGracefully();
      default -> world.interruptSomebody();
    }
  }

  private void stop(SimNode node, long length) {
    world.coverage().count("fault: machine stops");
    node.machine().stop(length);
  }

  /** Of up to an hour, or of a year. */
  private long jump() {
    long jump = simulator.between(-3_600_000, 3_600_000);
    return simulator.chance(0.1) ? jump * 24 * 365 : jump;
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
    network.quality(new Network.Quality(bad * 0.15, bad * 0.15, bad * 0.1, bad * 0.1, bad * 0.5));
  }
}
