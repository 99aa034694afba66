package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockTimeoutException;
import io.holdfast.Owner;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Scenarios of bad networks, hung stores and nodes that die or leave. */
interface FaultScenarios {

  @Test
  default void S06_repeatedAndUnansweredMessagesLeadToOneHold(LockLab lab) {
    History history = new History();
    List<CompletableFuture<Object>> workers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Holdfast node = lab.node(s -> s.engine(new StutteringEngine(lab.openEngine())));
      String who = "worker " + i;
      workers.add(
          lab.inThread(
              () -> {
                for (int round = 0; round < lab.scaled(20); round++) {
                  visit(history, who, node.lock("a"));
                }
                return who;
              }));
    }
    workers.forEach(lab::await);
    history.assertCorrect();
    lab.eventually("nothing left", () -> lab.inspector().list("").isEmpty());
  }

  private static void visit(History history, String who, DistributedLock lock)
      throws InterruptedException {
    History.Attempt attempt = history.ask(who, lock.name(), LockKind.MUTEX, Mode.EXCLUSIVE);
    Hold hold = lock.acquire();
    attempt.granted(hold.token());
    hold.ensureHeld();
    attempt.released();
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S13_closeHandsOverAtOnce(LockLab lab) throws Exception {
    Holdfast leaving = lab.node();
    Hold hold = leaving.lock("a").acquire();
    leaving.readWriteLock("b").writeLock().acquire();
    Holdfast staying = lab.node();
    CompletableFuture<Hold> a =
        staying.lock("a").acquireAsync(Owner.of("next")).toCompletableFuture();
    CompletableFuture<Hold> b =
        staying.readWriteLock("b").readLock().acquireAsync(Owner.of("next")).toCompletableFuture();
    lab.eventually("waiters", () -> lab.waiting("a") == 1 && lab.waiting("b") == 1);

    long begun = lab.nanoTime();
    leaving.close();
    Hold next = lab.await(a);
    lab.await(b);

    assertThat(Duration.ofNanos(lab.nanoTime() - begun))
        .as("from close to the next grant")
        .isLessThan(Duration.ofMillis(100).plus(lab.kit().jitter()));
    assertThat(next.token()).isGreaterThan(hold.token());
    assertThat(hold.isHeld()).isFalse();
  }

  @Test
  default void S16_waitersOfSeveralNodesAreServedInOrder(LockLab lab) throws Exception {
    Hold hold = lab.node().lock("a").acquire();
    List<CompletableFuture<Hold>> waiters = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      waiters.add(lab.node().lock("a").acquireAsync(Owner.of("w" + i)).toCompletableFuture());
      int arrived = i + 1;
      lab.eventually("arrival of " + i, () -> lab.waiting("a") == arrived);
    }
    long token = hold.token();
    hold.close();
    for (int i = 0; i < waiters.size(); i++) {
      Hold next = lab.await(waiters.get(i));
      assertThat(next.token()).isGreaterThan(token);
      assertThat(waiters.stream().filter(CompletableFuture::isDone).count())
          .as("how many were served so far")
          .isEqualTo(i + 1L);
      token = next.token();
      next.close();
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S16_deadWaitersDoNotPoisonTheQueue(LockLab lab) throws Exception {
    Hold hold = lab.node().lock("a").acquire();
    List<HangingEngine> dying = new ArrayList<>();
    int count = Math.min(20, lab.scaled(20));
    for (int i = 0; i < count; i++) {
      HangingEngine engine = lab.hangingEngine();
      dying.add(engine);
      Holdfast node = lab.node(s -> s.engine(engine).ttl(lab.kit().shortTtl()));
      var unused = node.lock("a").acquireAsync(Owner.of("dying")).toCompletableFuture();
      assertThat(unused.isDone()).isFalse();
    }
    lab.eventually("dead-to-be waiters", () -> lab.waiting("a") == count);
    CompletableFuture<Hold> survivor =
        lab.node().lock("a").acquireAsync(Owner.of("survivor")).toCompletableFuture();
    lab.eventually("the survivor waits", () -> lab.waiting("a") == count + 1);

    dying.forEach(HangingEngine::hang);
    long died = lab.nanoTime();
    hold.close();
    Hold next = lab.await(survivor);

    assertThat(Duration.ofNanos(lab.nanoTime() - died))
        .as("from the death of the others to the grant")
        .isLessThan(lab.kit().shortTtl().plusSeconds(1).plus(lab.kit().jitter()));
    next.close();
  }

  /** What hangs here is a stand-in for any engine; ServerKit has real ones. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S19_callsEndByTheirDeadlineWhileTheEngineHangs(LockLab lab) throws Exception {
    HangingEngine engine = lab.hangingEngine();
    Holdfast node = lab.node(s -> s.engine(engine).operationTimeout(Duration.ofMillis(500)));
    Hold held = node.lock("held").acquire();
    engine.hang();

    assertBounded(lab, Duration.ofMillis(300), () -> node.lock("a").tryAcquire(ofMillis(300)));
    assertBounded(lab, Duration.ofMillis(500), () -> node.lock("b").tryAcquire());
    assertBounded(
        lab, Duration.ofMillis(300), () -> Optional.of(node.lock("c").acquire(ofMillis(300))));
    assertThat(lab.time(held::release)).as("release").isLessThan(lab.kit().jitter());

    engine.recover();
    try (Hold hold = node.lock("a").acquire()) {
      assertThat(hold.isHeld()).as("after recovery").isTrue();
    }
    try (Hold hold = lab.node().lock("held").acquire()) {
      assertThat(hold.token()).as("what was released meanwhile").isGreaterThan(held.token());
    }
    lab.eventually("nothing left", () -> lab.inspector().list("").isEmpty());
  }

  private static Duration ofMillis(long millis) {
    return Duration.ofMillis(millis);
  }

  /** A call that may throw when it is interrupted. */
  @FunctionalInterface
  interface Call {

    /** Asks for a lock. */
    Optional<Hold> run() throws InterruptedException;
  }

  private static void assertBounded(LockLab lab, Duration deadline, Call call) throws Exception {
    Duration took =
        lab.time(
            () -> {
              try {
                assertThat(call.run()).isEmpty();
              } catch (EngineUnavailableException | LockTimeoutException told) {
                assertThat(told).hasMessageContaining(";");
              }
              return "ended";
            });
    assertThat(took)
        .as("a call with a deadline of %s", deadline)
        .isLessThan(deadline.plusMillis(50).plus(lab.kit().jitter()));
  }
}
