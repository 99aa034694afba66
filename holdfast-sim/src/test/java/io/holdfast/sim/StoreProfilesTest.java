package io.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** No rule breaks on a store that fails as a real one does, beyond what its engine says it may. */
@Tag("faults")
@Execution(ExecutionMode.CONCURRENT)
class StoreProfilesTest {

  private static final int EVENTS = 100_000;

  /** What must have happened, or else nothing was tested. */
  private static List<String> own(StoreProfile store) {
    return switch (store) {
      case ANY -> throw new IllegalArgumentException("see SimulationTest");
      case FILE -> List.of("fault: crash", "store: a crash was seen");
      case DATABASE -> List.of("fault: failover", "fault: server's clock jumps");
      case REDIS ->
          List.of(
              "fault: failover",
              "fault: last changes lost",
              "store: session ended for what was lost");
      case QUORUM -> List.of("fault: failover", "fault: wake-up lost", "store: session expired");
    };
  }

  @ParameterizedTest
  @EnumSource(value = StoreProfile.class, names = "ANY", mode = EnumSource.Mode.EXCLUDE)
  void noRuleBreaks(StoreProfile store) {
    Coverage total = new Coverage();
    long events = 0;
    for (long seed = 1; events < EVENTS; seed++) {
      Simulation.Outcome outcome = Simulation.run(Scene.of(store), seed, null);
      assertThat(outcome.violation()).as(outcome.replayLine()).isNull();
      events += outcome.events();
      total.addAll(outcome.coverage());
    }
    System.out.println(store + ", " + events + " events: " + total.all());
    assertThat(total.all()).containsKeys(own(store).toArray(new String[0]));
  }
}
