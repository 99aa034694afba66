package io.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The search for deadlocks against the truth, which the simulation knows. */
@Execution(ExecutionMode.CONCURRENT)
class DeadlocksTest {

  private static final int RINGS = 100;

  private static Coverage run(Theme theme, Coverage total, long seed) {
    Simulation.Outcome outcome = Simulation.run(Scene.of(theme), seed, null);
    assertThat(outcome.violation()).as(outcome.replayLine()).isNull();
    total.addAll(outcome.coverage());
    return total;
  }

  /** In calm rings it is exactly one, in others at most; {@link Ring#judge} sees to it. */
  @Test
  void ofEveryRingOneGivesWay() {
    Coverage total = new Coverage();
    for (long seed = 1; total.of(Rings.ENDED) < RINGS; seed++) {
      run(Theme.RINGS, total, seed);
    }
    System.out.println(total.all());
    assertThat(total.all())
        .containsKeys("ring: calm", "ring: disturbed", "ring: let past", "ring: one victim");
    assertThat(total.of("ring: several victims")).isZero();
  }

  /** Every victim was on a circle; {@link Circles} sees to it. */
  @Test
  void inATangleNobodyGivesWayForNothing() {
    Coverage total = new Coverage();
    for (long seed = 1; total.of("circle: gave way") < 300; seed++) {
      run(Theme.TANGLES, total, seed);
    }
    System.out.println(total.all());
    assertThat(total.of("errand: LATE")).isPositive();
    assertThat(total.of("errand: CANCELLED")).isPositive();
  }

  @Test
  void theSameSeedTakesTheSameCourse() {
    for (Theme theme : List.of(Theme.RINGS, Theme.TANGLES)) {
      List<String> first = new ArrayList<>();
      List<String> second = new ArrayList<>();
      Simulation.run(Scene.of(theme), 2, first::add);
      Simulation.run(Scene.of(theme), 2, second::add);
      assertThat(second).isEqualTo(first);
    }
  }
}
