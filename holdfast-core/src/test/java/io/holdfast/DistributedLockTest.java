package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** One lock, several nodes: hand-off, tokens, waits that end without a grant. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class DistributedLockTest {

  private static final Duration SHORT = Duration.ofMillis(60);

  private final Nodes nodes = new Nodes();
  private final Holdfast a = nodes.open("a");
  private final Holdfast b = nodes.open("b");
  private final LockOptions options;
  private final DistributedLock here;
  private final DistributedLock there;

  DistributedLockTest(Style style) {
    options = style.options();
    here = a.lock("ledger", options);
    there = b.lock("ledger", options);
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  @Test
  void isHandedOverInBothDirections() throws InterruptedException {
    long last = 0;
    for (int i = 0; i < 20; i++) {
      DistributedLock side = i % 2 == 0 ? here : there;
      try (Hold hold = side.acquire()) {
        assertThat(hold.token()).isGreaterThan(last);
        last = hold.token();
      }
    }
    Await.empty(a);
  }

  @Test
  void isHandedToAWaiterInBothDirections() throws InterruptedException {
    long last = 0;
    Hold hold = here.acquire();
    for (int i = 0; i < 20; i++) {
      DistributedLock side = i % 2 == 0 ? there : here;
      assertThat(hold.token()).isGreaterThan(last);
      last = hold.token();
      Task<Hold> waiter = Task.start(side::acquire);
      waiter.awaitParked();
      hold.close();
      hold = waiter.result();
    }
    hold.close();
    Await.empty(a);
  }

  @Test
  void tokensGrowOverNodesAndThreads() {
    ConcurrentLinkedQueue<Long> tokens = new ConcurrentLinkedQueue<>();
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      DistributedLock side = i % 2 == 0 ? here : there;
      tasks.add(
          Task.run(
              () -> {
                for (int round = 0; round < 100; round++) {
                  try (Hold hold = side.acquire()) {
                    tokens.add(hold.token());
                  }
                }
              }));
    }
    tasks.forEach(Task::result);
    assertThat(List.copyOf(tokens)).hasSize(400).doesNotHaveDuplicates().isSorted();
  }

  @Test
  void reentryHasTheSameTokenAndTheNextAcquisitionALargerOne() throws InterruptedException {
    Hold outer = here.acquire();
    Hold inner = here.acquire();
    Hold tried = here.tryAcquire().orElseThrow();
    Hold timed = here.tryAcquire(Duration.ofSeconds(1)).orElseThrow();
    assertThat(List.of(inner.token(), tried.token(), timed.token())).containsOnly(outer.token());
    // In any order: holds of one owner are alike.
    outer.close();
    timed.close();
    inner.close();
    assertThat(there.tryAcquire()).isEmpty();
    assertThat(tried.isHeld()).isTrue();
    tried.close();
    try (Hold next = here.acquire()) {
      assertThat(next.token()).isGreaterThan(outer.token());
    }
  }

  @Test
  void tokensGoOnGrowingOverThousandsOfAcquisitions() throws InterruptedException {
    long last = 0;
    for (int i = 0; i < 3 * 4096 + 100; i++) {
      try (Hold hold = here.acquire()) {
        if (hold.token() <= last) {
          assertThat(hold.token()).as("acquisition %d", i).isGreaterThan(last);
        }
        last = hold.token();
      }
    }
    try (Hold hold = there.acquire()) {
      assertThat(hold.token()).isGreaterThan(last);
    }
  }

  @Test
  void tokensGrowThoughTheRecordIsDeleted() throws InterruptedException {
    long last = 0;
    for (int i = 0; i < 20; i++) {
      Holdfast brief = nodes.open("brief");
      try (Hold hold = brief.lock("ledger", options).acquire()) {
        assertThat(hold.token()).isGreaterThan(last);
        last = hold.token();
      }
      brief.close();
      assertThat(a.inspector().explain("ledger")).isEmpty();
    }
  }

  @Test
  void tryAcquireFailsWhileAnotherNodeReallyHolds() throws InterruptedException {
    Hold hold = there.acquire();
    assertThat(here.tryAcquire()).isEmpty();
    assertThat(Await.result(here.tryAcquireAsync(Owner.of("x")))).isEmpty();
    Await.waiters(a, "ledger", 0);
    assertThat(hold.isHeld()).isTrue();
    hold.close();
    here.tryAcquire().orElseThrow().close();
  }

  @Test
  void tryAcquireFailsWhileOthersWait() throws InterruptedException {
    Hold hold = here.acquire();
    Task<Boolean> waiter = Task.parked(() -> there.acquire().close());
    assertThat(Task.<Optional<Hold>>elsewhere(here::tryAcquire)).isEmpty();
    assertThat(Task.<Optional<Hold>>elsewhere(there::tryAcquire)).isEmpty();
    hold.close();
    waiter.result();
  }

  @Test
  void s34_tryAcquireSucceedsThoughAnotherNodeMerelyRetains() throws InterruptedException {
    for (int i = 0; i < 10; i++) {
      there.acquire().close();
      here.tryAcquire().orElseThrow().close();
      there.acquire().close();
      Await.result(here.tryAcquireAsync(Owner.of("x"))).orElseThrow().close();
    }
  }

  @Test
  void s05_aTimeoutLeavesNothing() throws InterruptedException {
    Hold hold = there.acquire();
    long start = System.nanoTime();
    assertThat(here.tryAcquire(SHORT)).isEmpty();
    assertThat(Await.since(start)).isGreaterThanOrEqualTo(SHORT).isLessThan(Await.LIMIT);
    assertThat(Await.result(here.tryAcquireAsync(Owner.of("x"), SHORT))).isEmpty();
    Await.waiters(a, "ledger", 0);
    hold.close();
    Await.empty(a);
  }

  @Test
  void s05_anInterruptLeavesNothing() throws InterruptedException {
    Hold hold = there.acquire();
    Task<Boolean> waiter = Task.parked(here::acquire);
    Await.waiters(a, "ledger", 1);
    waiter.interrupt();
    waiter.failsWith(InterruptedException.class);
    Await.waiters(a, "ledger", 0);
    hold.close();
    Await.empty(a);
  }

  @Test
  void s05_anInterruptAtTheMomentOfTheGrantLeavesNothingOrAHold() throws InterruptedException {
    for (int i = 0; i < 50; i++) {
      Hold hold = there.acquire();
      Task<Hold> waiter = Task.start(here::acquire);
      waiter.awaitParked();
      Task<Boolean> release = Task.run(hold::close);
      waiter.interrupt();
      release.result();
      Task.run(
              () -> {
                try {
                  waiter.result().close();
                } catch (AssertionError interrupted) {
                  assertThat(interrupted).hasCauseInstanceOf(InterruptedException.class);
                }
              })
          .result();
      there.tryAcquire(Await.LIMIT).orElseThrow().close();
    }
    Await.empty(a);
  }

  @Test
  void s05_aTimeoutAtTheMomentOfTheGrantLeavesNothingOrAHold() throws InterruptedException {
    for (int i = 0; i < 50; i++) {
      Hold hold = there.acquire();
      Task<Boolean> waiter =
          Task.run(() -> here.tryAcquire(Duration.ofMillis(2)).ifPresent(Hold::close));
      Await.pass(Duration.ofMillis(2));
      hold.close();
      waiter.result();
      there.tryAcquire(Await.LIMIT).orElseThrow().close();
    }
    Await.empty(a);
  }

  @Test
  void r13_8_aBoundedWaitThatIsTooShortIsEmptyAndNoFailure() throws InterruptedException {
    Hold hold = there.acquire();
    for (int i = 0; i < 200; i++) {
      assertThat(here.tryAcquire(Duration.ofNanos(1))).isEmpty();
    }
    Await.waiters(a, "ledger", 0);
    hold.close();
    Await.empty(a);
  }

  @Test
  void waitersOfOneNodeDoNotKeepAnotherOut() {
    AtomicLong rounds = new AtomicLong();
    List<Task<Boolean>> busy = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      busy.add(
          Task.run(
              () -> {
                while (rounds.get() >= 0) {
                  here.acquire().close();
                  rounds.incrementAndGet();
                }
              }));
    }
    Await.until("they are busy", () -> rounds.get() > 10);
    Task.run(
            () -> {
              for (int i = 0; i < 20; i++) {
                there.acquire().close();
              }
            })
        .result();
    rounds.set(Long.MIN_VALUE);
    busy.forEach(Task::result);
  }

  @Test
  void acquireWithinATimeSaysWhoIsInTheWay() throws InterruptedException {
    Hold hold = there.acquire();
    assertThatThrownBy(() -> here.acquire(SHORT))
        .isInstanceOfSatisfying(
            LockTimeoutException.class,
            late -> {
              LockReport report = late.report().orElseThrow();
              assertThat(report.holders().get(0).party().node()).isEqualTo("b");
              assertThat(late)
                  .hasMessageContaining("ledger held by b (pid ")
                  .hasMessageContaining(Thread.currentThread().getName())
                  .hasMessageContaining("PT0.06S")
                  .hasMessageContaining("wait longer");
            });
    hold.close();
    here.acquire(Await.LIMIT).close();
    here.acquire(Duration.ofSeconds(Long.MAX_VALUE)).close();
  }

  @Test
  void timesToWaitArePositive() {
    for (Duration wait : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
      assertThatThrownBy(() -> here.tryAcquire(wait))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("more than zero, not " + wait)
          .hasMessageContaining("give a positive Duration");
      assertThatThrownBy(() -> here.acquire(wait)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> here.tryAcquireAsync(Owner.of("x"), wait))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void knowsWhetherTheThreadHoldsIt() throws InterruptedException {
    assertThat(here.isHeldByCurrentThread()).isFalse();
    try (Hold hold = here.acquire()) {
      assertThat(hold.name()).isEqualTo(here.name()).isEqualTo("ledger");
      assertThat(here.isHeldByCurrentThread()).isTrue();
      assertThat(there.isHeldByCurrentThread()).isFalse();
      assertThat(Task.elsewhere(here::isHeldByCurrentThread)).isFalse();
    }
    assertThat(here.isHeldByCurrentThread()).isFalse();
  }

  @Test
  void aClosedNodeLetsOthersIn() throws InterruptedException {
    Hold hold = there.acquire();
    Task<Boolean> waiter = Task.parked(() -> here.acquire().close());
    b.close();
    waiter.result();
    assertThat(hold.isHeld()).isFalse();
    Await.empty(a);
  }

  @Test
  void waitersOfAClosedNodeFail() throws InterruptedException {
    Hold hold = here.acquire();
    Task<Boolean> waiter = Task.parked(there::acquire);
    Task<Boolean> classic = Task.parked(there.asLock()::lock);
    var async = there.acquireAsync(Owner.of("x")).toCompletableFuture();
    b.close();
    for (Task<Boolean> each : List.of(waiter, classic)) {
      assertThat(each.failure())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("ledger")
          .hasMessageContaining("closed");
    }
    Await.until("the future has failed", async::isCompletedExceptionally);
    hold.close();
    Await.empty(a);
  }

  @Test
  void anotherKindIsRefusedWhileInUse() throws InterruptedException {
    Hold hold = here.acquire();
    Holdfast c = nodes.open("c");
    DistributedReadWriteLock wrong = c.readWriteLock("ledger", options);
    for (DistributedLock side : List.of(wrong.readLock(), wrong.writeLock())) {
      assertThatThrownBy(side::acquire)
          .isInstanceOf(LockKindMismatchException.class)
          .hasMessageContaining("ledger is in use as MUTEX, not as READ_WRITE")
          .hasMessageContaining("use another name");
      assertThatThrownBy(side::tryAcquire).isInstanceOf(LockKindMismatchException.class);
      assertThatThrownBy(() -> side.tryAcquire(SHORT))
          .isInstanceOf(LockKindMismatchException.class);
    }
    hold.close();
    Await.empty(a);
    wrong.readLock().acquire().close();
  }
}
