package io.holdfast.sim;

import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs worlds from seeds. The low bit of a seed tells the goal, so that the seed alone names a run.
 */
public final class Simulation {

  /**
   * What became of a world.
   *
   * @param seed that names it
   * @param scene what it was about
   * @param events how many it had
   * @param fingerprint of its course: the same for the same seed and code
   * @param coverage what happened in it
   * @param violation the rule that was broken; {@code null} if none was
   */
  public record Outcome(
      long seed,
      Scene scene,
      long events,
      long fingerprint,
      Coverage coverage,
      @Nullable Throwable violation) {

    /** How to see it again. */
    public String replayLine() {
      return "holdfast-sim/run --seed " + seed + scene.options();
    }
  }

  private Simulation() {}

  /** Runs work in a thread of its own, which ends with it. */
  static void inThread(Runnable work) {
    new Thread(work, "simulation").start();
  }

  /** Runs the usual world of a seed. */
  public static Outcome run(long seed) {
    return run(Scene.USUAL, seed, null);
  }

  /** Runs the world of a seed. */
  public static Outcome run(Theme theme, long seed) {
    return run(Scene.of(theme), seed, null);
  }

  /**
   * Runs the world of a seed. An odd seed is a world that is never quite well if it is a usual one,
   * and one without any faults if it has another theme.
   *
   * @param trace gets a line for everything that happens; {@code null} for nobody
   */
  public static Outcome run(Scene scene, long seed, @Nullable Consumer<String> trace) {
    boolean even = (seed & 1) == 0;
    boolean usual = scene.theme() == Theme.USUAL;
    Plan.Goal goal = even || !usual ? Plan.Goal.SAFETY : Plan.Goal.LIVENESS;
    Simulator simulator = new Simulator(seed, trace);
    Set<Fault> faults = even || usual ? scene.store().suffers(scene.faults()) : Set.of();
    Plan plan = Plan.draw(simulator.random(), goal, faults);
    World world = new World(simulator, scene, plan.forScene(simulator.random(), scene));
    Throwable violation = null;
    try {
      world.run();
    } catch (RuntimeException broken) {
      violation = broken;
    }
    world.coverage().count("world: " + goal);
    return new Outcome(
        seed, scene, simulator.events(), simulator.fingerprint(), world.coverage(), violation);
  }
}
