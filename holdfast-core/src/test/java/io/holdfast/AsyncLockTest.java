package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Owners that are not threads. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class AsyncLockTest {

  private static final Duration SHORT = Duration.ofMillis(60);
  private static final Owner SAGA = Owner.of("saga-42");

  private final Nodes nodes = new Nodes();
  private final Holdfast a = nodes.open("a");
  private final Holdfast b = nodes.open("b");
  private final DistributedLock here;
  private final DistributedLock there;

  AsyncLockTest(Style style) {
    here = a.lock("saga", style.options());
    there = b.lock("saga", style.options());
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  private CompletableFuture<Hold> ask(DistributedLock side, String owner) {
    return side.acquireAsync(Owner.of(owner)).toCompletableFuture();
  }

  @Test
  void s08_oneThreadAcquiresAnotherReleases() {
    Hold hold = Task.elsewhere(() -> Await.result(here.acquireAsync(SAGA)));
    assertThat(hold.isHeld()).isTrue();
    assertThat(here.isHeldByCurrentThread()).isFalse();
    assertThat(here.tryAcquire()).isEmpty();
    assertThat(there.tryAcquire()).isEmpty();
    assertThat(Task.elsewhere(hold::release)).isEqualTo(Hold.Release.RELEASED);
    there.tryAcquire().orElseThrow().close();
  }

  @Test
  void aThreadsHoldMayBeReleasedByAnotherThread() {
    Hold hold = Task.elsewhere(here::acquire);
    assertThat(here.tryAcquire()).isEmpty();
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    here.tryAcquire().orElseThrow().close();
  }

  @Test
  void equalOwnersReenterAndOthersDoNot() {
    Hold first = Await.result(here.acquireAsync(SAGA));
    Hold second = Await.result(here.acquireAsync(Owner.of("saga-42")));
    assertThat(second.token()).isEqualTo(first.token());
    assertThat(Await.result(here.tryAcquireAsync(SAGA)).map(Hold::token)).contains(first.token());
    assertThat(Await.result(here.tryAcquireAsync(Owner.of("saga-43")))).isEmpty();
    assertThat(Await.result(there.tryAcquireAsync(SAGA))).isEmpty();
    first.close();
    first.close();
    assertThat(second.isHeld()).isTrue();
    assertThat(there.tryAcquire()).isEmpty();
  }

  @Test
  void anOwnerThatAskedTwiceWhileWaitingEntersTwice() throws InterruptedException {
    Hold hold = there.acquire();
    CompletableFuture<Hold> first = ask(here, "saga-42");
    CompletableFuture<Hold> second = ask(here, "saga-42");
    hold.close();
    assertThat(Await.result(first).token()).isEqualTo(Await.result(second).token());
    Await.result(first).close();
    assertThat(there.tryAcquire()).isEmpty();
    Await.result(second).close();
    there.tryAcquire().orElseThrow().close();
  }

  @Test
  void waitsForAThreadAndAThreadWaitsForIt() throws InterruptedException {
    Hold hold = here.acquire();
    CompletableFuture<Hold> waiting = ask(here, "x");
    Task<Boolean> thread = Task.parked(() -> here.acquire().close());
    assertThat(waiting).isNotDone();
    hold.close();
    Hold async = Await.result(waiting);
    assertThat(async.token()).isGreaterThan(hold.token());
    async.close();
    thread.result();
  }

  @Test
  void s05_cancelledRequestsLeaveNothing() throws InterruptedException {
    Hold hold = there.acquire();
    List<CompletableFuture<?>> waiting = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      waiting.add(ask(here, "w" + i));
      waiting.add(here.tryAcquireAsync(Owner.of("t" + i), Await.LIMIT).toCompletableFuture());
    }
    Await.until(
        "somebody waits", () -> !a.inspector().explain("saga").orElseThrow().waiters().isEmpty());
    waiting.forEach(each -> assertThat(each.cancel(true)).isTrue());
    Await.waiters(a, "saga", 0);
    hold.close();
    Await.empty(a);
  }

  @Test
  void s05_aCancelAtTheMomentOfTheGrantLeavesNothing() throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      Hold hold = there.acquire();
      CompletableFuture<Hold> waiting = ask(here, "w");
      Task<Boolean> release = Task.run(hold::close);
      if (!waiting.cancel(true)) {
        Await.result(waiting).close();
      }
      release.result();
      there.tryAcquire(Await.LIMIT).orElseThrow().close();
    }
    Await.empty(a);
  }

  @Test
  void aCancelledRequestDoesNotDisturbTheOthers() throws InterruptedException {
    Hold hold = here.acquire();
    CompletableFuture<Hold> first = ask(here, "first");
    CompletableFuture<Hold> second = ask(here, "second");
    first.cancel(true);
    hold.close();
    Await.result(second).close();
    assertThat(first).isCancelled();
  }

  @Test
  void aGrantedRequestCannotBeCancelled() {
    CompletableFuture<Hold> granted = ask(here, "x");
    Hold hold = Await.result(granted);
    assertThat(granted.cancel(true)).isFalse();
    assertThat(hold.isHeld()).isTrue();
    hold.close();
  }

  @Test
  void timesOutAndLeavesNothing() throws InterruptedException {
    Hold hold = there.acquire();
    Optional<Hold> late = Await.result(here.tryAcquireAsync(SAGA, SHORT));
    assertThat(late).isEmpty();
    Await.waiters(a, "saga", 0);
    hold.close();
    Await.result(here.tryAcquireAsync(SAGA, Await.LIMIT)).orElseThrow().close();
    Await.result(here.tryAcquireAsync(SAGA, Duration.ofSeconds(Long.MAX_VALUE)))
        .orElseThrow()
        .close();
  }

  @Test
  void aThousandOwnersWaitAndAreServedOneByOne() throws InterruptedException {
    Hold hold = there.acquire();
    AtomicInteger inside = new AtomicInteger();
    List<CompletableFuture<Long>> waiting = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      DistributedLock side = i % 2 == 0 ? here : there;
      waiting.add(ask(side, "owner-" + i).thenApply(granted -> visit(granted, inside)));
    }
    hold.close();
    List<Long> tokens = waiting.stream().map(Await::result).toList();
    assertThat(tokens).doesNotHaveDuplicates().allMatch(token -> token > hold.token());
    assertThat(inside).hasValue(0);
  }

  private static long visit(Hold hold, AtomicInteger inside) {
    assertThat(inside.incrementAndGet()).isEqualTo(1);
    assertThat(inside.decrementAndGet()).isZero();
    hold.close();
    return hold.token();
  }

  @Test
  void callbacksMayBlockAndUseTheLock() throws InterruptedException {
    Hold hold = here.acquire();
    CompletableFuture<Long> chained =
        ask(here, "first")
            .thenApply(
                granted -> {
                  granted.close();
                  Hold next = Task.elsewhere(here::acquire);
                  next.close();
                  return next.token() - granted.token();
                });
    hold.close();
    assertThat(Await.result(chained)).isPositive();
  }

  @Test
  void closedNodesRefuse() {
    b.close();
    assertThatThrownBy(() -> there.acquireAsync(SAGA))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("connect a new one");
    assertThatThrownBy(() -> there.tryAcquireAsync(SAGA)).isInstanceOf(IllegalStateException.class);
  }
}
