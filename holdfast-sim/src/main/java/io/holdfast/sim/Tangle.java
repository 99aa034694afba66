package io.holdfast.sim;

import io.holdfast.DistributedReadWriteLock;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.rules.Mode;
import io.holdfast.sim.Errand.End;
import io.holdfast.sim.Errand.Single;
import io.holdfast.sim.Errand.Step;
import io.holdfast.sim.Errand.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The users of one process who take several locks in any order, and mostly do not wait for long.
 */
final class Tangle {

  private static final long MILLISECOND = 1_000_000;

  private final World world;
  private final Simulator simulator;
  private final SimNode node;
  private final Holdfast client;

  Tangle(World world, SimNode node, Holdfast client) {
    this.world = world;
    this.simulator = world.simulator();
    this.node = node;
    this.client = client;
  }

  void start(int users) {
    for (int i = 0; i < users; i++) {
      boolean thread = simulator.chance(world.threads());
      next(node.name() + " user " + i, thread);
    }
  }

  private void next(String user, boolean thread) {
    if (!world.isWorking()) {
      return;
    }
    Errand errand;
    try {
      errand =
          new Errand(
              user,
              steps(thread),
              simulator.between(0, 20 * MILLISECOND),
              end -> {
                if (end != End.FAILED || node.holdfast() == client) {
                  next(user, thread);
                }
              });
    } catch (IllegalStateException closed) {
      world.coverage().count("closed");
      return;
    }
    if (thread) {
      world.errands().withThread(node.machine(), errand);
    } else {
      world.errands().withoutThread(node.machine(), errand);
    }
  }

  private List<Step> steps(boolean thread) {
    List<Integer> locks = new ArrayList<>();
    for (int lock = 0; lock < 5 + world.plan().retainFor().toMillis() % 8; lock++) {
      locks.add(lock);
    }
    List<Step> steps = new ArrayList<>();
    for (int count = 1 + simulator.random().nextInt(3); count > 0; count--) {
      int lock = locks.remove(simulator.random().nextInt(locks.size()));
      steps.add(step(world.keep(target(lock))));
    }
    if (thread && simulator.chance(0.1)) {
      steps.add(step(world.keep(several())));
    }
    return steps;
  }

  private Step step(Target target) {
    long most = simulator.chance(0.5) ? 30 * MILLISECOND : 500 * MILLISECOND;
    Optional<Duration> wait =
        simulator.chance(0.25)
            ? Optional.empty()
            : Optional.of(Duration.ofNanos(simulator.between(MILLISECOND, most)));
    long pause = simulator.between(0, 10 * MILLISECOND);
    return new Step(target, () -> true, pause, wait, simulator.chance(0.3));
  }

  private Target several() {
    return new Errand.Several(client.lockAll("several 1", "several 2"));
  }

  private Target target(int lock) {
    LockOptions options = LockOptions.DEFAULT;
    return switch (lock) {
      case 0 -> side(client.readWriteLock("catalog"));
      case 1 ->
          side(
              client.readWriteLock(
                  "strict catalog", options.fairness(LockOptions.Fairness.STRICT)));
      case 2 ->
          new Single(
              client.lock("strict", options.fairness(LockOptions.Fairness.STRICT)), Mode.EXCLUSIVE);
      case 3 ->
          new Single(
              client.lock("off", options.retention(LockOptions.Retention.OFF)), Mode.EXCLUSIVE);
      default -> new Single(client.lock("mutex " + lock), Mode.EXCLUSIVE);
    };
  }

  private Target side(DistributedReadWriteLock lock) {
    return simulator.chance(0.5)
        ? new Single(lock.readLock(), Mode.SHARED)
        : new Single(lock.writeLock(), Mode.EXCLUSIVE);
  }
}
