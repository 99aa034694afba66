package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.LockView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Time passes in a kit whenever, and only when, everybody waits. */
@Timeout(60)
class VirtualTimeTest {

  private static final Duration SECOND = Duration.ofSeconds(1);

  private final Lab lab = new Lab(new SilentKit());
  private final long begun = lab.nanoTime();

  @AfterEach
  void close() {
    lab.close();
  }

  /** A kit on an engine that does not say how its locks are. */
  private static final class SilentKit extends EngineKit {
    @Override
    protected Engine open(String space, Environment environment) {
      return new EngineFilter(EmbeddedEngine.open("silent", space, environment)) {
        @Override
        public CompletionStage<Optional<LockView>> read(String name) {
          return new CompletableFuture<>();
        }
      };
    }

    @Override
    KitTime time() {
      return new VirtualTime(7);
    }
  }

  private Duration passed() {
    return Duration.ofNanos(lab.nanoTime() - begun);
  }

  @Test
  void engineThatNeverAnswersFailsByPatience() {
    assertThatThrownBy(() -> lab.view("a"))
        .isInstanceOf(AssertionError.class)
        .hasMessage("no answer from the engine within PT10S of virtual time (seed 7)");
    assertThat(passed()).isEqualTo(lab.kit().patience());
  }

  @Test
  void conditionThatNeverHoldsFailsByPatience() {
    assertThatThrownBy(() -> lab.eventually("pigs fly", () -> false))
        .isInstanceOf(AssertionError.class)
        .hasMessage("not so: pigs fly within PT10S of virtual time (seed 7)");
    assertThat(passed()).isBetween(lab.kit().patience(), lab.kit().patience().plus(SECOND));
  }

  @Test
  void failureSaysTheSeed() {
    AssertionError failure = new AssertionError("wrong");
    lab.remark(failure);
    assertThat(failure.getSuppressed())
        .extracting(Throwable::getMessage)
        .containsExactly("see it again with -Dholdfast.tck.seed=7");
  }

  @Test
  void timeStandsStillWhileTheTestIsAtWork() {
    LabNode node = lab.mortal();
    for (int i = 0; i < 100; i++) {
      lab.await(node.session().renew());
      LockSupport.parkNanos(1);
    }
    assertThat(passed()).isZero();
    lab.pass(SECOND.multipliedBy(100));
    assertThat(passed()).isEqualTo(SECOND.multipliedBy(100));
    lab.await(node.session().renew());
  }

  @Test
  void timeStandsStillWhileOneOfTheThreadsIsAtWork() {
    lab.together(
        List.of(true, false),
        waits -> {
          if (waits) {
            lab.pass(SECOND);
            assertThat(passed()).isEqualTo(SECOND);
          } else {
            for (int i = 0; i < 50; i++) {
              LockSupport.parkNanos(Duration.ofMillis(1).toNanos());
              assertThat(passed()).isZero();
            }
          }
        });
    assertThat(passed()).isEqualTo(SECOND);
  }

  @Test
  void threadsMayWaitForOneAnother() {
    CompletableFuture<Void> ping = new CompletableFuture<>();
    CompletableFuture<Void> pong = new CompletableFuture<>();
    lab.together(
        List.of(true, false),
        first -> {
          if (first) {
            lab.pass(SECOND);
            ping.complete(null);
            lab.await(pong);
          } else {
            lab.await(ping);
            assertThat(passed()).isEqualTo(SECOND);
            lab.pass(SECOND);
            pong.complete(null);
          }
        });
    assertThat(passed()).isEqualTo(SECOND.multipliedBy(2));
  }

  @Test
  void whatIsDueIsDoneWhileThreadsAreAtWork() {
    lab.together(
        List.of(1, 2, 3),
        number -> {
          CountDownLatch done = new CountDownLatch(1);
          lab.environment().scheduler().schedule(done::countDown, Duration.ZERO);
          while (done.getCount() > 0) {
            Thread.onSpinWait();
          }
        });
    assertThat(passed()).isZero();
  }

  @Test
  void whateverThreadsDoToOneAnotherTakesNoTime() {
    MemoryEngineKitTest kit = new MemoryEngineKitTest();
    for (int round = 0; round < 10; round++) {
      try (Lab busy = new Lab(kit)) {
        kit.r1_5_hammeredReadWriteLockExcludesWriters(busy);
        assertThat(busy.nanoTime()).as("round %s", round).isEqualTo(begun);
      }
    }
  }

  /** The pauses of a store engine after lost races are short; more time passes only by mistake. */
  @Test
  void timeDoesNotRunAheadOfThreads() {
    StoreEngineKitTest kit = new StoreEngineKitTest();
    for (int round = 0; round < 20; round++) {
      try (Lab busy = new Lab(kit)) {
        kit.r1_5_hammeredReadWriteLockExcludesWriters(busy);
        assertThat(Duration.ofNanos(busy.nanoTime() - begun))
            .as("round %s", round)
            .isLessThan(SECOND);
      }
    }
  }

  @Test
  void threadThatWaitsInVainFailsByPatience() {
    assertThatThrownBy(
            () ->
                lab.together(List.of(1, 2, 3), number -> lab.await(new CompletableFuture<Void>())))
        .isInstanceOf(AssertionError.class)
        .hasMessageStartingWith("no answer from the engine within PT10S of virtual time");
    assertThat(passed()).isEqualTo(lab.kit().patience());
  }

  @Test
  void failureOfAThreadIsThatOfTheTest() {
    assertThatThrownBy(
            () ->
                lab.together(
                    List.of(1, 2),
                    number -> {
                      throw new IllegalStateException("broken");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("broken");
  }

  @Test
  void courseFollowsTheSeed() {
    List<Long> course = courseOf(1);
    assertThat(courseOf(1)).isEqualTo(course);
    assertThat(courseOf(2)).isNotEqualTo(course);
  }

  /** When some waiters hear of their grants, although half of all wake-ups are lost. */
  private static List<Long> courseOf(long seed) {
    LostWakeUpsKitTest kit =
        new LostWakeUpsKitTest() {
          @Override
          KitTime time() {
            return new VirtualTime(seed);
          }
        };
    List<Long> heard = new ArrayList<>();
    try (Lab lossy = new Lab(kit)) {
      List<LabNode> nodes = lossy.nodes(4);
      Ticket holder = nodes.get(0).mutex("a").granted();
      for (int i = 1; i < 20; i++) {
        Ticket waiter = nodes.get(i % nodes.size()).mutex("a").queued();
        holder.release();
        holder = waiter.awaitGranted();
        heard.add(holder.grantedAt());
      }
    }
    return heard;
  }
}
