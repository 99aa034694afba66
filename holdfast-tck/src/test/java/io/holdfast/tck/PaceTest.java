package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class PaceTest {

  private static final Duration AGES = Duration.ofDays(1);
  private static final Duration MOMENT = Duration.ofMillis(1);

  @Test
  void anIdleMachineStretchesNothing() {
    assertThat(Pace.factor(0, 0)).isEqualTo(1);
    assertThat(Pace.factor(1, 0)).isEqualTo(1);
    assertThat(Pace.factor(-1, 0)).as("with an unknown load").isEqualTo(1);
  }

  @Test
  void theStrongerSignOfSlownessCounts() {
    assertThat(Pace.factor(3, 0)).isEqualTo(3);
    assertThat(Pace.factor(0.5, Duration.ofMillis(100).toNanos())).isEqualTo(3);
    assertThat(Pace.factor(4, Duration.ofMillis(100).toNanos())).isEqualTo(4);
    assertThat(Pace.factor(500, AGES.toNanos())).as("at most").isEqualTo(10);
  }

  @Test
  void aDeadlineIsNeverStretchedToLess() {
    assertThat(Pace.stretch(AGES)).isGreaterThanOrEqualTo(AGES);
    assertThat(Pace.within(AGES).isOver()).isFalse();
  }

  @Test
  void whatHappensInTimeIsSeen() throws InterruptedException {
    assertThat(Pace.within(AGES).await(() -> true)).isTrue();
    CompletableFuture<String> well = CompletableFuture.supplyAsync(() -> "done");
    assertThat(Pace.within(AGES).await(well)).isTrue();
    CompletableFuture<String> badly =
        CompletableFuture.failedFuture(new IllegalStateException("planted"));
    assertThat(Pace.within(AGES).await(badly)).isTrue();
  }

  @Test
  void whatDoesNotHappenIsWaitedForInVain() throws InterruptedException {
    Pace.Deadline deadline = Pace.within(MOMENT);
    assertThat(deadline.await(() -> false)).isFalse();
    assertThat(deadline.await(new CompletableFuture<>())).isFalse();
    assertThat(deadline.isOver()).isTrue();
    assertThat(deadline.toString()).contains("PT0.001S");
  }
}
