package io.holdfast.sim;

import static java.util.stream.Collectors.joining;

import java.util.EnumSet;
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
   * @param theme what its users did
   * @param faults what could go wrong in it
   * @param events how many it had
   * @param fingerprint of its course: the same for the same seed and code
   * @param coverage what happened in it
   * @param violation the rule that was broken; {@code null} if none was
   */
  public record Outcome(
      long seed,
      Theme theme,
      Set<Fault> faults,
      long events,
      long fingerprint,
      Coverage coverage,
      @Nullable Throwable violation) {

    /** How to see it again. */
    public String replayLine() {
      String line = "holdfast-sim/run --seed " + seed;
      if (theme != Theme.USUAL) {
        line += " --theme " + theme;
      }
      return faults.size() == Fault.values().length
          ? line
          : line + faults.stream().map(Fault::name).collect(joining(",", " --faults ", ""));
    }
  }

  private Simulation() {}

  /** Runs work in a thread of its own, which ends with it. */
  static void inThread(Runnable work) {
    new Thread(work, "simulation").start();
  }

  /** Runs the world of a seed. */
  public static Outcome run(long seed) {
    return run(Theme.USUAL, seed);
  }

  /** Runs the world of a seed. */
  public static Outcome run(Theme theme, long seed) {
    return run(theme, seed, EnumSet.allOf(Fault.class), null);
  }

  /** Runs the usual world of a seed. */
  public static Outcome run(long seed, Set<Fault> faults, @Nullable Consumer<String> trace) {
    return run(Theme.USUAL, seed, faults, trace);
  }

  /**
   * Runs the world of a seed. An odd seed is a world that is never quite well if it is a usual one,
   * and one without any faults if it has another theme.
   *
   * @param faults what goes wrong in it
   * @param trace gets a line for everything that happens; {@code null} for nobody
   */
  public static Outcome run(
      Theme theme, long seed, Set<Fault> faults, @Nullable Consumer<String> trace) {
    boolean even = (seed & 1) == 0;
    boolean usual = theme == Theme.USUAL;
    Plan.Goal goal = even || !usual ? Plan.Goal.SAFETY : Plan.Goal.LIVENESS;
    Simulator simulator = new Simulator(seed, trace);
    Plan plan = Plan.draw(simulator.random(), goal, even || usual ? faults : Set.of());
    World world =
        new World(simulator, theme, usual ? plan : plan.forTheme(simulator.random(), theme));
    Throwable violation = null;
    try {
      world.run();
    } catch (RuntimeException broken) {
      violation = broken;
    }
    world.coverage().count("world: " + goal);
    return new Outcome(
        seed,
        theme,
        faults,
        simulator.events(),
        simulator.fingerprint(),
        world.coverage(),
        violation);
  }
}
