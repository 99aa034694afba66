package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import io.holdfast.tck.FaultyProxy.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S01 and S16: nodes whose packets vanish, and who are told nothing. */
interface BlackHoleScenarios {

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S01_holderBehindABlackHoleIsToldBeforeAnybodyElseHolds(ServerLab lab) {
    endLease(lab, "black hole", FaultyProxy::drop);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S01_holderThatHearsNoReplyIsToldBeforeAnybodyElseHolds(ServerLab lab) {
    // Its renewals arrive, so others wait for as long as it goes on trying.
    Lease lease = new Lease(lab);
    lease.link.drop(Direction.TO_CLIENT);
    lease.awaitLoss("lost replies");
    lease.link.drop();
    lease.awaitHeir("lost replies");
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S01_holderBehindAStalledLinkIsToldBeforeAnybodyElseHolds(ServerLab lab) {
    endLease(lab, "stalled link", FaultyProxy::stall);
  }

  private static void endLease(ServerLab lab, String fault, Consumer<FaultyProxy> make) {
    for (int round = 0; round < lab.size(1, 20); round++) {
      Lease lease = new Lease(lab);
      make.accept(lease.link);
      lease.awaitLoss(fault);
      lease.awaitHeir(fault);
    }
  }

  /** A holder behind a link of its own, and another node that waits. */
  final class Lease {

    private record Heir(Hold hold, long since, boolean first) {}

    private final ServerLab lab;
    private final FaultyProxy link;
    private final Holdfast node;
    private final Hold hold;
    private final CompletableFuture<Long> toldAt = new CompletableFuture<>();
    private final CompletableFuture<Heir> heir;
    private long begun;

    Lease(ServerLab lab) {
      this.lab = lab;
      link = lab.link();
      node = lab.node(link, settings -> settings.ttl(lab.ttl()));
      hold = lab.await(node.lock("a").acquireAsync(Owner.of("holder")));
      hold.onLost(loss -> toldAt.complete(lab.nanoTime()));
      CompletionStage<Hold> next =
          lab.node(settings -> settings.ttl(Duration.ofMinutes(1)))
              .lock("a")
              .acquireAsync(Owner.of("heir"));
      heir =
          next.thenApply(theirs -> new Heir(theirs, lab.nanoTime(), !hold.isHeld()))
              .toCompletableFuture();
      lab.eventually("a waiter", () -> lab.waiting("a") == 1);
      begun = lab.nanoTime();
    }

    /** The local deadline passes. */
    private void awaitLoss(String fault) {
      begun = lab.nanoTime();
      Duration remaining = hold.remaining();
      assertThat(hold.isHeld()).as("held as long as the lease lasts").isTrue();
      lab.pass(remaining);
      assertThat(hold.isHeld()).as("held past its deadline, %s", fault).isFalse();
      assertThat(Duration.ofNanos(lab.await(toldAt) - begun))
          .as("when the holder was told, %s", fault)
          .isLessThan(remaining.plus(lab.kit().jitter()));
    }

    /** The other node gets the lock, and the old holder gets on when the link is good again. */
    private void awaitHeir(String fault) {
      Heir next = lab.await(heir);
      long told = lab.await(toldAt);
      lab.say(
          "S01: %s, told after %d ms, next grant after %d ms",
          fault,
          Duration.ofNanos(told - begun).toMillis(),
          Duration.ofNanos(next.since() - begun).toMillis());
      assertThat(next.first()).as("the first one had lost it by then, %s", fault).isTrue();
      assertThat(next.since() - told).as("nanoseconds between the two, %s", fault).isPositive();
      assertThat(next.hold().token()).isGreaterThan(hold.token());

      link.heal();
      assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
      assertThat(next.hold().isHeld()).as("held after the late release").isTrue();
      CompletionStage<Hold> again = node.lock("a").acquireAsync(Owner.of("holder"));
      lab.eventually("the first one waits", () -> lab.waiting("a") == 1);
      next.hold().close();
      Hold last = lab.await(again);
      assertThat(last.token()).isGreaterThan(next.hold().token());
      last.close();
      lab.awaitEmptySpace();
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S16_waitersBehindABlackHoleAreSkipped(ServerLab lab) {
    int count = lab.size(10, 200);
    Hold hold = lab.await(lab.node().lock("a").acquireAsync(Owner.of("holder")));
    FaultyProxy link = lab.link();
    List<CompletableFuture<Hold>> doomed = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Holdfast node = lab.node(link, settings -> settings.ttl(lab.ttl()));
      doomed.add(node.lock("a").acquireAsync(Owner.of("doomed")).toCompletableFuture());
    }
    lab.eventually("the doomed wait", () -> lab.waiting("a") == count);
    CompletableFuture<Hold> survivor =
        lab.node().lock("a").acquireAsync(Owner.of("survivor")).toCompletableFuture();
    lab.eventually("the survivor waits", () -> lab.waiting("a") == count + 1);

    link.drop();
    long begun = lab.nanoTime();
    hold.close();
    Hold next = lab.await(survivor);

    Duration gap = lab.since(begun);
    lab.say("S16: survivor of %d behind a black hole granted after %d ms", count, gap.toMillis());
    assertThat(gap).isLessThan(lab.kit().latestAfterKill(lab.ttl()).plus(lab.kit().jitter()));
    assertThat(lab.waiting("a")).as("waiters left").isZero();
    next.close();
    doomed.forEach(each -> each.cancel(true));
    link.heal();
    lab.awaitEmptySpace();
  }
}
