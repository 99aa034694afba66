package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The time that tests move by hand. */
class ManualEnvironmentTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualEnvironment time = new ManualEnvironment();
  private final List<String> done = new ArrayList<>();

  private void schedule(Environment process, Duration delay, String work) {
    process.scheduler().schedule(() -> done.add(work), delay);
  }

  @Test
  void processesShareTheClocksAndTheOrderOfWork() {
    Environment one = time.environment();
    Environment other = time.another();
    schedule(other, SECOND.multipliedBy(2), "third");
    schedule(one, SECOND, "first");
    schedule(other, SECOND, "second");

    time.advance(SECOND.multipliedBy(2));

    assertThat(done).containsExactly("first", "second", "third");
    assertThat(other.ticker().nanoTime()).isEqualTo(one.ticker().nanoTime());
    assertThat(other.ticker().epochMillis()).isEqualTo(one.ticker().epochMillis());
  }

  @Test
  void processThatIsClosedLeavesTheOthersTheirWork() {
    Environment closing = time.another();
    schedule(closing, SECOND, "of the closed one");
    schedule(time.environment(), SECOND, "of the other one");

    closing.scheduler().close();
    schedule(closing, SECOND, "too late");
    time.advance(SECOND);

    assertThat(done).containsExactly("of the other one");
    assertThat(time.pending()).isZero();
  }

  @Test
  void processesHaveChanceOfTheirOwnFromOneSeed() {
    long first = time.environment().random().nextLong();
    long second = time.another().random().nextLong();
    ManualEnvironment again = new ManualEnvironment();

    assertThat(second).isNotEqualTo(first);
    assertThat(again.environment().random().nextLong()).isEqualTo(first);
    assertThat(again.another().random().nextLong()).isEqualTo(second);
  }

  @Test
  void stepRunsOnePieceOfWorkOrLetsTimePass() {
    Environment process = time.environment();
    long begun = process.ticker().nanoTime();
    schedule(process, SECOND, "first");
    schedule(process, SECOND, "second");

    time.step(SECOND.multipliedBy(5));
    assertThat(done).containsExactly("first");
    assertThat(process.ticker().nanoTime() - begun).isEqualTo(SECOND.toNanos());

    time.step(Duration.ZERO);
    time.step(Duration.ZERO);
    assertThat(done).containsExactly("first", "second");
    assertThat(process.ticker().nanoTime() - begun).isEqualTo(SECOND.toNanos());

    time.step(SECOND);
    assertThat(process.ticker().nanoTime() - begun).isEqualTo(SECOND.multipliedBy(2).toNanos());
  }
}
