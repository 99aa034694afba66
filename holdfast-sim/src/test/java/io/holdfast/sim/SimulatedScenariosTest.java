package io.holdfast.sim;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Scenarios from public fault reports, each with the faults that it is about and no others. What
 * must never happen is checked in every world; here is asserted that the faults had their effect.
 */
@Tag("faults")
@Execution(ExecutionMode.CONCURRENT)
class SimulatedScenariosTest {

  private static Coverage worlds(int count, Set<Fault> faults) {
    Coverage total = new Coverage();
    for (long seed = 1; seed <= count; seed++) {
      Simulation.Outcome outcome =
          Simulation.run(new Scene(Theme.USUAL, StoreProfile.ANY, faults), seed, null);
      assertThat(outcome.violation()).as(outcome.replayLine()).isNull();
      total.addAll(outcome.coverage());
    }
    return total;
  }

  @Test
  void S01_aHolderThatIsCutOffIsToldBeforeAnybodyElseGetsIn() {
    Coverage seen = worlds(40, EnumSet.of(Fault.CUT));

    assertThat(seen.of("told of a loss")).isPositive();
    assertThat(seen.of("guard refused a late write")).isPositive();
  }

  @Test
  void S02_aWriterThatWasStoppedIsRefusedByTheGuard() {
    Coverage seen = worlds(40, EnumSet.of(Fault.STOP));

    assertThat(seen.of("write without a lease")).isPositive();
    assertThat(seen.of("guard refused a late write")).isPositive();
  }

  @Test
  void S05_nothingIsLeftOfWhoTimesOutIsInterruptedCancelsOrCloses() {
    Coverage seen = worlds(40, EnumSet.of(Fault.MESSAGES, Fault.INTERRUPT, Fault.RESTART));

    assertThat(seen.all())
        .containsKeys(
            "thread: interrupted",
            "thread: timed out",
            "thread: closed",
            "async: cancelled",
            "async: closed",
            "fault: message lost",
            "fault: message repeated",
            "fault: call unanswered");
  }

  @Test
  void S06_whatArrivesTwiceOrLateLocksOnce() {
    Coverage seen = worlds(40, EnumSet.of(Fault.MESSAGES));

    assertThat(seen.of("fault: message repeated")).isPositive();
    assertThat(seen.of("fault: message late")).isPositive();
  }

  @Test
  void S07_lostWakeUpsStopNobody() {
    Coverage seen = worlds(40, EnumSet.of(Fault.WAKE_UPS));

    assertThat(seen.of("fault: wake-up lost")).isGreaterThan(1_000);
  }

  @Test
  void S10_whoDiesInTheQueueIsSkipped() {
    Coverage seen = worlds(40, EnumSet.of(Fault.CRASH, Fault.CUT));

    assertThat(seen.of("fault: crash")).isPositive();
    assertThat(seen.of("store: session expired")).isPositive();
  }

  @Test
  void S12_wallClocksDecideNothing() {
    for (long seed = 2; seed <= 80; seed += 2) {
      Simulation.Outcome outcome =
          Simulation.run(
              new Scene(Theme.USUAL, StoreProfile.ANY, EnumSet.of(Fault.WALL_CLOCK)), seed, null);
      assertThat(outcome.violation()).as(outcome.replayLine()).isNull();
      assertThat(outcome.coverage().of("store: session expired")).as(outcome.replayLine()).isZero();
    }
    assertThat(worlds(20, EnumSet.of(Fault.WALL_CLOCK)).of("fault: wall clock jumps")).isPositive();
  }

  @Test
  void S14_clientsThatComeAndGoNeverBelieveAtOnce() {
    Coverage seen = worlds(40, EnumSet.of(Fault.RESTART, Fault.CUT, Fault.STALL));

    assertThat(seen.of("fault: closed and restarted")).isPositive();
  }

  @Test
  void S17_readersAndWritersTakeTurnsThroughCrashesAndUpgrades() {
    Coverage seen = worlds(40, EnumSet.of(Fault.CRASH, Fault.INTERRUPT, Fault.STOP));

    assertThat(seen.of("record: a phase passed a waiter")).isPositive();
    assertThat(seen.of("thread: upgraded")).isPositive();
    assertThat(seen.of("thread: downgraded")).isPositive();
  }

  @Test
  void S18_severalLocksAtOnceLeaveNoneBehindThroughCrashes() {
    Coverage seen = worlds(40, EnumSet.of(Fault.CRASH, Fault.CUT, Fault.INTERRUPT));

    assertThat(seen.of("fault: crash")).isPositive();
    assertThat(seen.of("thread: acquired several")).isPositive();
  }
}
