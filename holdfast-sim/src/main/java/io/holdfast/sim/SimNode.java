package io.holdfast.sim;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Holdfast;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Environment;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A process that uses Holdfast: it connects, works through its users, and is closed or crashes and
 * starts again, as often as the world wishes.
 */
final class SimNode {

  private final World world;
  private final Machine machine;
  private final String name;
  private final int users;
  private @Nullable Holdfast holdfast;

  SimNode(World world, Machine machine, String name, int users) {
    this.world = world;
    this.machine = machine;
    this.name = name;
    this.users = users;
  }

  Machine machine() {
    return machine;
  }

  String name() {
    return name;
  }

  /** The open client; {@code null} between two of them. */
  @Nullable Holdfast holdfast() {
    return holdfast;
  }

  /** Begins to work. */
  void start() {
    SimThread.start(machine, name + " main", this::connect);
  }

  private void connect() {
    while (holdfast == null && !world.isOver()) {
      Environment environment = machine.environment();
      try {
        holdfast =
            Holdfast.builder("simulated:")
                .environment(environment)
                .engine(world.server().connect(machine))
                .callbackExecutor(work -> machine.after(0, "callback", work))
                .ttl(world.ttl())
                .retainFor(world.retainFor())
                .maxRetained(world.maxRetained())
                .operationTimeout(Duration.ofSeconds(3))
                .connectTimeout(Duration.ofSeconds(3))
                .node(name)
                .shutdownHook(false)
                .connect();
      } catch (EngineUnavailableException | OutcomeUnknownException unavailable) {
        world.coverage().count("connect failed");
        sleep(world.simulator().between(10_000_000, 500_000_000));
      }
    }
    if (holdfast != null) {
      world.simulator().say(name + " is connected");
      startUsers(holdfast);
    }
  }

  private void startUsers(Holdfast client) {
    switch (world.theme()) {
      case USUAL -> startUsualUsers(client);
      case TANGLES -> new Tangle(world, this, client).start(users);
      case RINGS -> {
        // They form among all who are connected.
      }
    }
  }

  private void startUsualUsers(Holdfast client) {
    Locks locks = new Locks(client);
    for (int i = 0; i < users; i++) {
      boolean thread = world.simulator().chance(world.threads());
      if (thread) {
        ThreadUser user = new ThreadUser(world, machine, locks, name + " user " + i);
        SimThread.start(machine, name + " user " + i, user);
      } else {
        new AsyncUser(world, machine, locks, name + " user " + i).start();
      }
    }
  }

  /** Closes the client as a program that ends does, and starts anew. */
  void restartGracefully() {
    Holdfast closing = holdfast;
    if (closing == null || !machine.isUp()) {
      return;
    }
    holdfast = null;
    world.coverage().count("fault: closed and restarted");
    SimThread.start(
        machine,
        name + " close",
        () -> {
          world.simulator().say(name + " closes");
          closing.close();
          connect();
        });
  }

  /** Closes the client for good. */
  void close() {
    Holdfast closing = holdfast;
    if (closing != null) {
      holdfast = null;
      SimThread.start(machine, name + " close", closing::close);
    }
  }

  /** Kills the process, and starts another one later. */
  void crash(long restartAfter) {
    if (machine.isUp()) {
      world.coverage().count("fault: crash");
      holdfast = null;
      machine.crash();
      world.simulator().after(restartAfter, "restart", this::restart);
    }
  }

  private void restart() {
    machine.restart();
    start();
  }

  private static void sleep(long nanos) {
    SimThread running = SimThread.current();
    if (running != null) {
      running.pause(nanos);
    }
  }
}
