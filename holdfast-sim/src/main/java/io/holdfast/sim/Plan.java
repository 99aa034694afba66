package io.holdfast.sim;

import java.time.Duration;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a seed makes of a world.
 *
 * @param kind where the locks are kept
 * @param nodes how many processes use them
 * @param usersPerNode how many users each process has
 * @param ttl the sessions' TTL
 * @param usualDelay how long a message takes
 * @param retainFor how long idle locks are retained
 * @param maxRetained how many
 * @param threads how many of the users are threads, from 0 to 1
 * @param faults what goes wrong
 * @param intensity how bad it is, from 0 to 1
 * @param lostWakes how many wake-ups of a store get lost, even when all else is well. Never more
 *     than half: a store whose every wake-up is lost keeps no promise
 * @param longHolds how many of the holds may outlast a lease
 * @param brokenForGood how many processes stay broken when the others have healed
 */
record Plan(
    Kind kind,
    int nodes,
    int usersPerNode,
    Duration ttl,
    Duration usualDelay,
    Duration retainFor,
    int maxRetained,
    double threads,
    Set<Fault> faults,
    double intensity,
    double lostWakes,
    double longHolds,
    int brokenForGood) {

  /** Where the locks of a world are kept. */
  enum Kind {
    /** In the state machine of one server, behind a network. */
    SPACE,
    /** In a store with compare-and-set, behind a network; every process applies the rules. */
    STORE,
    /** In the one process of all nodes. */
    PROCESS
  }

  /** What happens to a world. */
  enum Goal {
    /** Faults throughout, then everything heals. */
    SAFETY,
    /** Faults, then a core heals for good and the rest stays broken: the core must go on. */
    LIVENESS
  }

  /** Draws a plan. */
  static Plan draw(SplittableRandom random, Goal goal, Set<Fault> faults) {
    double kind = random.nextDouble();
    boolean process = kind < 0.15 && goal == Goal.SAFETY;
    int nodes = 2 + random.nextInt(3);
    return new Plan(
        process ? Kind.PROCESS : kind < 0.55 ? Kind.SPACE : Kind.STORE,
        nodes,
        2 + random.nextInt(4),
        Duration.ofMillis(2_000 + random.nextInt(3_000)),
        Duration.ofMillis(random.nextInt(3) == 0 ? 10 + random.nextInt(100) : random.nextInt(10)),
        Duration.ofMillis(20 + random.nextInt(1_500)),
        random.nextInt(4) == 0 ? random.nextInt(4) : 10_000,
        random.nextDouble(),
        faults,
        random.nextInt(8) == 0 ? 0 : random.nextDouble(),
        faults.contains(Fault.WAKE_UPS) ? share(random) * 0.5 : 0,
        share(random) * 0.4,
        goal == Goal.LIVENESS ? 1 + random.nextInt(nodes - 1) : 0);
  }

  /**
   * The same for a scene.
   *
   * @param random decides about the nodes
   */
  Plan forScene(SplittableRandom random, Scene scene) {
    boolean usual = scene.theme() == Theme.USUAL;
    boolean tangled = scene.theme() == Theme.TANGLES;
    int many = usual ? nodes : tangled ? 2 + random.nextInt(3) : 1 + random.nextInt(8);
    int users = usual ? usersPerNode : tangled ? 2 + random.nextInt(4) : 0;
    return new Plan(
        scene.store() == StoreProfile.ANY ? kind : Kind.STORE,
        many,
        users,
        ttl,
        usualDelay,
        retainFor,
        maxRetained,
        // Often none: without them a world runs several times as fast.
        usual ? threads : Math.max(0, 2 * threads - 1),
        faults,
        intensity,
        lostWakes,
        longHolds,
        brokenForGood);
  }

  /** Often none, sometimes all. */
  private static double share(SplittableRandom random) {
    return switch (random.nextInt(4)) {
      case 0, 1 -> 0;
      case 2 -> random.nextDouble();
      default -> 1;
    };
  }
}
