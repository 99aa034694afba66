package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.FaultyEngine.Fault;
import io.holdfast.rules.Command;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** S19 and S05: the engine hangs, fails, or loses requests and answers. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class EngineTroubleTest {

  private static final Duration SHORT = Duration.ofMillis(100);

  /** 50 ms are promised; the rest is for a busy machine. */
  private static final Duration SLACK = Duration.ofMillis(500);

  private static final Predicate<Command> ACQUIRE = command -> command instanceof Command.Acquire;
  private static final Predicate<Command> END =
      command -> command instanceof Command.Release || command instanceof Command.Cancel;

  private static final Predicate<Command> UPGRADE = command -> command instanceof Command.Upgrade;

  private final Nodes nodes = new Nodes();
  private final FaultyEngine engine = nodes.faulty();
  private final Holdfast node =
      nodes.open(nodes.builder("troubled").engine(engine).retainFor(Duration.ofMillis(100)));
  private final Holdfast other =
      nodes.open(nodes.builder("healthy").retainFor(Duration.ofMillis(100)));
  private final LockOptions options;
  private final DistributedLock lock;
  private final DistributedReadWriteLock rw;
  private final DistributedSemaphore slots = node.semaphore("slots", 2);
  private final DistributedLock otherLock;

  EngineTroubleTest(Style style) {
    options = style.options();
    lock = node.lock("lock", options);
    rw = node.readWriteLock("rw", options);
    otherLock = other.lock("lock", options);
  }

  @AfterEach
  void close() {
    engine.heal();
    nodes.close();
  }

  private interface Call {
    Object make() throws Exception;
  }

  private static void assertEndsInTime(String what, Duration limit, Call call) {
    Await.takesAtMost(limit.plus(SLACK), what, () -> timeToFail(what, call));
  }

  private static Duration timeToFail(String what, Call call) {
    long start = System.nanoTime();
    Object outcome;
    try {
      outcome = call.make();
    } catch (Exception thrown) {
      outcome = thrown;
    }
    Duration took = Await.since(start);
    if (outcome instanceof Exception failure) {
      assertThat(failure)
          .as(what)
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("again");
    } else {
      assertThat(outcome).as(what).isIn(Optional.empty(), false);
    }
    return took;
  }

  @Test
  void s19_everyCallEndsByItsDeadlineWhileTheEngineHangsOrFails() {
    for (Fault fault : List.of(Fault.HANG, Fault.REFUSE, Fault.HANG_ANSWER)) {
      engine.allCalls(fault);
      Duration tried = Duration.ofSeconds(1);
      assertEndsInTime("acquire " + fault, SHORT, () -> lock.acquire(SHORT));
      assertEndsInTime("timed " + fault, SHORT, () -> lock.tryAcquire(SHORT));
      assertEndsInTime("try " + fault, tried, lock::tryAcquire);
      assertEndsInTime(
          "classic " + fault, SHORT, () -> lock.asLock().tryLock(100, TimeUnit.MILLISECONDS));
      assertEndsInTime("read " + fault, SHORT, () -> rw.readLock().tryAcquire(SHORT));
      assertEndsInTime("write " + fault, SHORT, () -> rw.writeLock().tryAcquire(SHORT));
      assertEndsInTime("permits " + fault, SHORT, () -> slots.tryAcquire(2, SHORT));
      assertEndsInTime("all " + fault, SHORT, () -> node.lockAll("x", "y").tryAcquire(SHORT));
      assertEndsInTime(
          "async " + fault,
          SHORT,
          () -> {
            try {
              return lock.tryAcquireAsync(Owner.of("x"), SHORT).toCompletableFuture().get();
            } catch (ExecutionException failed) {
              throw (Exception) failed.getCause();
            }
          });
      engine.heal();
      for (DistributedLock each : List.of(lock, rw.writeLock())) {
        Task.run(() -> each.acquire().close()).result();
      }
      Await.empty(other);
    }
  }

  @Test
  void s19_interruptsWorkWhileTheEngineHangs() {
    engine.allCalls(Fault.HANG);
    for (Task<Boolean> waiter :
        List.of(
            Task.parked(lock::acquire),
            Task.parked(lock.asLock()::lockInterruptibly),
            Task.parked(slots::acquire),
            Task.parked(() -> rw.readLock().acquire()))) {
      waiter.interrupt();
      waiter.failsWith(InterruptedException.class);
    }
  }

  @Test
  void s19_releaseDoesNotWaitForTheEngine() {
    Await.takesAtMost(SLACK, "a release", this::timeToRelease);
  }

  private Duration timeToRelease() throws InterruptedException {
    Hold hold = lock.acquire();
    Hold permit = slots.acquire();
    engine.allCalls(Fault.HANG);
    long start = System.nanoTime();
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    assertThat(permit.release()).isEqualTo(Hold.Release.RELEASED);
    Duration took = Await.since(start);
    engine.heal();
    Await.empty(other);
    return took;
  }

  @Test
  void s19_worksAgainAfterAnOutage() throws InterruptedException {
    for (Fault fault :
        List.of(Fault.HANG, Fault.REFUSE, Fault.HANG_ANSWER, Fault.UNKNOWN_OUTCOME)) {
      engine.allCalls(fault);
      Task<Boolean> waiter = Task.run(() -> lock.acquire().close());
      Task<Boolean> permit = Task.run(() -> slots.acquire(2).close());
      CompletableFuture<Hold> read =
          rw.readLock().acquireAsync(Owner.of("x")).toCompletableFuture();
      Await.pass(Duration.ofMillis(30));
      engine.heal();
      waiter.result();
      permit.result();
      Await.result(read).close();
      lock.tryAcquire(Await.LIMIT).orElseThrow().close();
      Await.empty(other);
    }
  }

  @Test
  void s19_waitsThroughAnOutageThatEndsTheSession() throws InterruptedException {
    Hold before = lock.acquire();
    Hold permitBefore = slots.acquire();
    ConcurrentLinkedQueue<Loss.Cause> causes = new ConcurrentLinkedQueue<>();
    before.onLost(loss -> causes.add(loss.cause()));
    permitBefore.onLost(loss -> causes.add(loss.cause()));
    engine.endSessions();
    Task<Long> waiter = Task.start(() -> lock.acquire().token());
    Task<Boolean> reader = Task.parked(() -> rw.readLock().acquire().close());
    Task<Boolean> permit = Task.parked(() -> slots.acquire(2).close());
    waiter.awaitParked();
    engine.heal();
    assertThat(waiter.result()).isGreaterThan(before.token());
    reader.result();
    permit.result();
    Await.until("the losses are told", () -> causes.size() == 2);
    assertThat(causes).containsOnly(Loss.Cause.SESSION_ENDED);
    assertThat(before.release()).isEqualTo(Hold.Release.ALREADY_LOST);
  }

  @Test
  void s05_nothingIsLeftWhateverIsLostAndHoweverTheWaitEnds() throws InterruptedException {
    for (Fault fault :
        List.of(Fault.HANG, Fault.REFUSE, Fault.HANG_ANSWER, Fault.UNKNOWN_OUTCOME)) {
      for (Predicate<Command> which : List.of(ACQUIRE, END)) {
        Hold hold = otherLock.acquire();
        engine.someCommands(fault, which);
        Task<Boolean> interrupted = Task.parked(lock::acquire);
        CompletableFuture<Hold> cancelled = lock.acquireAsync(Owner.of("x")).toCompletableFuture();
        Task<Boolean> late = Task.run(() -> giveUpWithin(SHORT));
        late.result();
        interrupted.interrupt();
        interrupted.failsWith(InterruptedException.class);
        cancelled.cancel(true);
        engine.heal();
        hold.close();
        otherLock.tryAcquire(Await.LIMIT).orElseThrow().close();
        Await.empty(other);
      }
    }
  }

  private void giveUpWithin(Duration wait) throws InterruptedException {
    try {
      assertThat(lock.tryAcquire(wait)).isEmpty();
    } catch (EngineUnavailableException unanswered) {
      assertThat(unanswered).hasMessageContaining("nothing is held");
    }
  }

  @Test
  void s06_answersThatAreLostDoNotLockTwice() throws InterruptedException {
    engine.someCommands(Fault.UNKNOWN_OUTCOME, ACQUIRE);
    Task<Hold> waiter = Task.start(() -> lock.acquire());
    Await.until("it has asked", () -> engine.commands().stream().filter(ACQUIRE).count() >= 2);
    engine.heal();
    Hold hold = waiter.result();
    assertThat(hold.isHeld()).isTrue();
    assertThat(other.inspector().explain("lock").orElseThrow().holders()).hasSize(1);
    hold.close();
    Await.empty(other);
  }

  @Test
  void aReleaseThatFailsIsRepeated() throws InterruptedException {
    Hold hold = lock.acquire();
    Task<Boolean> waiter = Task.parked(() -> otherLock.acquire().close());
    engine.someCommands(Fault.REFUSE, END);
    hold.close();
    Await.until("it was tried", () -> engine.commands().stream().anyMatch(END));
    assertThat(waiter.isDone()).isFalse();
    engine.heal();
    waiter.result();
  }

  @Test
  void inspectionOfAHungEngineEnds() {
    FaultyEngine hung = nodes.faulty();
    Holdfast stuck = nodes.open(nodes.builder("stuck").engine(hung).operationTimeout(SHORT));
    hung.allCalls(Fault.HANG);
    assertThatThrownBy(() -> stuck.inspector().explain("x"))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("100 ms")
        .hasMessageContaining("try again");
    assertThatThrownBy(() -> stuck.semaphore("s", 1).availablePermits())
        .isInstanceOf(EngineUnavailableException.class);
    hung.heal();
    assertThat(stuck.inspector().explain("x")).isEmpty();
  }

  @Test
  void anUpgradeThatIsAnsweredTooLateIsNotHeld() throws InterruptedException {
    FaultyEngine hung = nodes.faulty();
    Holdfast impatient =
        nodes.open(nodes.builder("impatient").engine(hung).operationTimeout(SHORT));
    DistributedReadWriteLock upgraded = impatient.readWriteLock("up", options);
    Hold read = upgraded.readLock().acquire();
    hung.someCommands(Fault.REFUSE, UPGRADE);
    assertThatThrownBy(() -> upgraded.tryUpgrade(read))
        .isInstanceOf(EngineUnavailableException.class);
    hung.heal();
    Await.holds(
        "the upgrade that failed does not come later",
        Duration.ofSeconds(1),
        () -> !upgraded.writeLock().isHeldByCurrentThread());
    read.close();
    other.readWriteLock("up", options).writeLock().acquire(Await.LIMIT).close();
  }
}
