package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Permits behave as those of a fair {@link Semaphore}, but are owned. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DistributedSemaphoreTest {

  private static final Duration SHORT = Duration.ofMillis(60);
  private static final int PERMITS = 4;

  private final Nodes nodes = new Nodes();
  private final Holdfast node = nodes.open("a");
  private final Holdfast other = nodes.open("b");
  private final DistributedSemaphore slots = node.semaphore("gpu", PERMITS);
  private final DistributedSemaphore remote = other.semaphore("gpu", PERMITS);

  @AfterEach
  void close() {
    nodes.close();
  }

  private void assertAtRest() {
    Await.empty(node);
    assertThat(slots.availablePermits()).isEqualTo(PERMITS);
  }

  @Test
  void saysWhatItIs() {
    assertThat(slots.name()).isEqualTo("gpu");
    assertThat(slots.permits()).isEqualTo(PERMITS);
    assertThat(slots.availablePermits()).isEqualTo(PERMITS);
  }

  @Test
  void givesAsManyPermitsAsThereAre() throws InterruptedException {
    Hold one = slots.acquire();
    Hold two = remote.acquire(2);
    assertThat(slots.availablePermits()).isEqualTo(1);
    assertThat(remote.availablePermits()).isEqualTo(1);
    assertThat(slots.tryAcquire(2)).isEmpty();
    Hold last = remote.tryAcquire().orElseThrow();
    assertThat(slots.tryAcquire()).isEmpty();
    assertThat(slots.availablePermits()).isZero();
    for (Hold hold : List.of(one, two, last)) {
      hold.ensureHeld();
      hold.close();
    }
    assertAtRest();
  }

  @Test
  void isNotReentrant() throws InterruptedException {
    Hold all = slots.acquire(PERMITS);
    assertThat(slots.tryAcquire()).isEmpty();
    assertThat(slots.tryAcquire(SHORT)).isEmpty();
    all.close();
    assertAtRest();
  }

  @Test
  void aHoldReleasedTwiceGivesBackOnce() throws InterruptedException {
    Hold twice = slots.acquire(2);
    Hold rest = slots.acquire(2);
    assertThat(twice.release()).isEqualTo(Hold.Release.RELEASED);
    assertThat(twice.release()).isEqualTo(Hold.Release.RELEASED);
    twice.close();
    assertThat(slots.availablePermits()).isEqualTo(2);
    assertThat(slots.tryAcquire(3)).isEmpty();
    assertThatThrownBy(twice::ensureHeld)
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(HoldLostException.class)
        .hasMessageContaining("released");
    rest.close();
    assertAtRest();
  }

  @Test
  void anyThreadMayRelease() throws InterruptedException {
    Hold hold = slots.acquire(PERMITS);
    assertThat(Task.elsewhere(hold::release)).isEqualTo(Hold.Release.RELEASED);
    assertAtRest();
  }

  @Test
  void impossibleNumbersAreRefused() {
    for (int permits : new int[] {0, -1, PERMITS + 1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertThatThrownBy(() -> slots.acquire(permits))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("gpu")
          .hasMessageContaining("4 permits")
          .hasMessageContaining("not " + permits);
      assertThatThrownBy(() -> slots.tryAcquire(permits))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> slots.tryAcquire(permits, SHORT))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> slots.acquireAsync(Owner.of("x"), permits))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> slots.tryAcquireAsync(Owner.of("x"), permits, SHORT))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertAtRest();
  }

  @Test
  void aSemaphoreNeedsAPermit() {
    for (int permits : new int[] {0, -1, Integer.MIN_VALUE}) {
      assertThatThrownBy(() -> node.semaphore("none", permits))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("give a positive number")
          .hasMessageContaining("not " + permits);
    }
  }

  @Test
  void timesToWaitArePositive() {
    for (Duration wait : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
      assertThatThrownBy(() -> slots.tryAcquire(wait))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("more than zero");
      assertThatThrownBy(() -> slots.tryAcquireAsync(Owner.of("x"), 1, wait))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void anotherNumberOfPermitsIsRefusedInTheSameNode() {
    assertThatThrownBy(() -> node.semaphore("gpu", PERMITS + 1))
        .isInstanceOf(LockKindMismatchException.class)
        .hasMessageContaining("gpu")
        .hasMessageContaining("SEMAPHORE(4)")
        .hasMessageContaining("SEMAPHORE(5)")
        .hasMessageContaining("use another name");
  }

  @Test
  void anotherNumberOfPermitsIsRefusedAcrossNodesWhileInUse() throws InterruptedException {
    DistributedSemaphore wrong = nodes.open("c").semaphore("gpu", PERMITS + 1);
    Hold hold = slots.acquire();
    assertThatThrownBy(wrong::acquire)
        .isInstanceOf(LockKindMismatchException.class)
        .hasMessageContaining("SEMAPHORE(4)");
    assertThatThrownBy(wrong::tryAcquire).isInstanceOf(LockKindMismatchException.class);
    hold.close();
    wrong.acquire().close();
    Await.empty(node);
  }

  @Test
  void waitersAreServedInOrderOfArrival() throws InterruptedException {
    Hold all = slots.acquire(PERMITS);
    ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();
    List<Task<Boolean>> waiters = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int number = i;
      DistributedSemaphore side = i % 2 == 0 ? slots : remote;
      waiters.add(
          Task.parked(
              () -> {
                Hold hold = side.acquire(PERMITS);
                order.add(number);
                hold.close();
              }));
      Await.waiters(node, "gpu", i + 1);
    }
    all.close();
    waiters.forEach(Task::result);
    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertAtRest();
  }

  @Test
  void aLargeRequestIsNotPassedBySmallOnes() throws InterruptedException {
    Hold one = slots.acquire();
    Task<Boolean> large = Task.parked(() -> slots.acquire(PERMITS).close());
    Await.waiters(node, "gpu", 1);
    assertThat(slots.tryAcquire()).isEmpty();
    assertThat(remote.tryAcquire()).isEmpty();
    Task<Boolean> small = Task.parked(() -> remote.acquire().close());
    Await.holds("queue", SHORT, () -> !large.isDone() && !small.isDone());
    one.close();
    large.result();
    small.result();
    assertAtRest();
  }

  @Test
  void aReleaseLetsInAllWhomItSuffices() throws InterruptedException {
    Hold all = slots.acquire(PERMITS);
    List<CompletableFuture<Hold>> waiters = new ArrayList<>();
    for (int i = 0; i < PERMITS; i++) {
      DistributedSemaphore side = i % 2 == 0 ? slots : remote;
      waiters.add(side.acquireAsync(Owner.of("w" + i), 1).toCompletableFuture());
    }
    all.close();
    waiters.stream().map(Await::result).toList().forEach(Hold::close);
    assertAtRest();
  }

  @Test
  void timesOutAndLeavesNothing() throws InterruptedException {
    Hold all = remote.acquire(PERMITS);
    long start = System.nanoTime();
    assertThat(slots.tryAcquire(2, SHORT)).isEmpty();
    assertThat(Await.since(start)).isGreaterThanOrEqualTo(SHORT);
    Await.waiters(node, "gpu", 0);
    assertThat(Await.result(slots.tryAcquireAsync(Owner.of("x"), 1, SHORT))).isEmpty();
    Await.waiters(node, "gpu", 0);
    all.close();
    assertAtRest();
  }

  @Test
  void aTimedWaitSucceedsInTime() throws InterruptedException {
    Hold all = remote.acquire(PERMITS);
    Task<Boolean> waiter =
        Task.parked(() -> slots.tryAcquire(2, Await.LIMIT).orElseThrow().close());
    all.close();
    waiter.result();
    slots.tryAcquire(Duration.ofSeconds(Long.MAX_VALUE)).orElseThrow().close();
    assertAtRest();
  }

  @Test
  void interruptsEndWaitsAndLeaveNothing() throws InterruptedException {
    Hold all = remote.acquire(PERMITS);
    List<Task<Boolean>> waiters =
        List.of(
            Task.parked(() -> slots.acquire()),
            Task.parked(() -> slots.acquire(2)),
            Task.parked(() -> slots.tryAcquire(Duration.ofHours(1))));
    waiters.forEach(Task::interrupt);
    waiters.forEach(waiter -> waiter.failsWith(InterruptedException.class));
    Await.waiters(node, "gpu", 0);
    all.close();
    assertAtRest();
  }

  @Test
  void interruptedThreadsAreRefusedByWhatWaits() {
    Task.run(
            () -> {
              Thread.currentThread().interrupt();
              assertThatThrownBy(slots::acquire).isInstanceOf(InterruptedException.class);
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              Thread.currentThread().interrupt();
              assertThatThrownBy(() -> slots.tryAcquire(SHORT))
                  .isInstanceOf(InterruptedException.class);
              Thread.currentThread().interrupt();
              Hold hold = slots.tryAcquire().orElseThrow();
              assertThat(Thread.interrupted()).isTrue();
              hold.close();
            })
        .result();
    assertAtRest();
  }

  @Test
  void cancelledWaitsLeaveNothing() throws InterruptedException {
    Hold all = remote.acquire(PERMITS);
    List<CompletableFuture<Hold>> waiters = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      waiters.add(slots.acquireAsync(Owner.of("w" + i), 1 + i % PERMITS).toCompletableFuture());
    }
    Await.waiters(node, "gpu", 10);
    waiters.forEach(waiter -> waiter.cancel(true));
    Await.waiters(node, "gpu", 0);
    all.close();
    assertAtRest();
  }

  @Test
  void permitsOfAClosedNodeComeBack() throws InterruptedException {
    Hold all = remote.acquire(PERMITS);
    AtomicInteger losses = new AtomicInteger();
    all.onLost(loss -> losses.incrementAndGet());
    Task<Boolean> waiter = Task.parked(() -> slots.acquire(PERMITS).close());
    other.close();
    waiter.result();
    Await.until("the loss is told", () -> losses.get() == 1);
    assertThat(all.isHeld()).isFalse();
    assertThat(all.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    assertAtRest();
  }

  @Test
  void oneOwnerMayAskForManyPermitsAtOnce() {
    Owner saga = Owner.of("saga");
    Hold first = Await.result(slots.acquireAsync(saga, 1));
    Hold second = Await.result(slots.acquireAsync(saga, 2));
    assertThat(slots.availablePermits()).isEqualTo(1);
    first.close();
    assertThat(slots.availablePermits()).isEqualTo(2);
    second.close();
    assertAtRest();
  }

  @Test
  void neverMoreInsideThanPermits() {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      DistributedSemaphore side = i % 2 == 0 ? slots : remote;
      int first = i;
      tasks.add(Task.run(() -> useOften(side, first, inside, most)));
    }
    tasks.forEach(Task::result);
    assertThat(most.get()).isLessThanOrEqualTo(PERMITS);
    assertAtRest();
  }

  private static void useOften(
      DistributedSemaphore side, int first, AtomicInteger inside, AtomicInteger most)
      throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      int permits = 1 + (first + i) % PERMITS;
      Optional<Hold> hold =
          i % 3 == 0 ? side.tryAcquire(permits) : Optional.of(side.acquire(permits));
      if (hold.isPresent()) {
        int now = inside.addAndGet(permits);
        most.accumulateAndGet(now, Math::max);
        inside.addAndGet(-permits);
        hold.get().close();
      }
    }
  }
}
