package io.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The simulation itself: a million events without a violation, and the same seed twice. */
@Execution(ExecutionMode.CONCURRENT)
class SimulationTest {

  /** What a million events must meet. */
  private static final String[] MET = {
    "async: cancelled",
    "async: granted",
    "async: not granted",
    "fault: call unanswered",
    "fault: closed and restarted",
    "fault: crash",
    "fault: cut in one direction",
    "fault: interrupt",
    "fault: machine stops",
    "fault: message repeated",
    "fault: server stalls",
    "fault: wake-up lost",
    "fault: wall clock jumps",
    "guard refused a late write",
    "hold: EXCLUSIVE",
    "hold: PERMITS",
    "hold: SHARED",
    "record: a phase passed a waiter",
    "store: session expired",
    "store: write outrun",
    "thread: downgraded",
    "thread: ensureHeld threw",
    "thread: interrupted",
    "thread: re-entered",
    "thread: timed out",
    "thread: upgraded",
    "told of a loss",
    "world: LIVENESS",
    "world: PROCESS",
    "world: SAFETY",
    "world: SPACE",
    "world: STORE",
    "write without a lease"
  };

  @Test
  void aMillionEventsBreakNoRule() {
    Coverage total = new Coverage();
    long events = 0;
    for (long seed = 1_000; events < 1_000_000; seed++) {
      Simulation.Outcome outcome = Simulation.run(seed);
      assertThat(outcome.violation()).as(outcome.replayLine()).isNull();
      events += outcome.events();
      total.addAll(outcome.coverage());
    }
    System.out.println(events + " events: " + total.all());
    assertThat(total.all()).containsKeys(MET);
  }

  @Test
  void theSameSeedTakesTheSameCourse() {
    for (long seed = 1; seed <= 12; seed++) {
      List<String> first = new ArrayList<>();
      List<String> second = new ArrayList<>();
      Simulation.Outcome one = Simulation.run(Scene.USUAL, seed, first::add);
      Simulation.Outcome two = Simulation.run(Scene.USUAL, seed, second::add);
      assertThat(two.fingerprint()).isEqualTo(one.fingerprint());
      assertThat(second).isEqualTo(first);
    }
  }

  /** Another JVM has other hash codes of objects, and another order of immutable sets. */
  @Test
  void anotherJvmTakesTheSameCourse() throws IOException, InterruptedException {
    for (long seed = 1; seed <= 4; seed++) {
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Dorg.slf4j.simpleLogger.defaultLogLevel=off",
                  "-cp",
                  System.getProperty("java.class.path"),
                  SimulationCommand.class.getName(),
                  "--seed",
                  Long.toString(seed))
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).isZero();
      long fingerprint = Simulation.run(seed).fingerprint();
      assertThat(said).endsWith(String.format("fingerprint %016x, no rule broken%n", fingerprint));
    }
  }
}
