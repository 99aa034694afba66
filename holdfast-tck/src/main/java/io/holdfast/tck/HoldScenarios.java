package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.HoldLostException;
import io.holdfast.Holdfast;
import io.holdfast.LockReport;
import io.holdfast.LockTimeoutException;
import io.holdfast.Loss;
import io.holdfast.Owner;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Scenarios about holds and owners, and what people are shown of them. What a hold and an owner are
 * is the node's affair; what is shown comes from the engine.
 */
interface HoldScenarios {

  @Test
  @Tag(Layers.NODE)
  default void S08_holdOfAnOwnerIsReleasedByAnyThread(LockLab lab) {
    DistributedLock lock = lab.node().lock("a");
    Owner saga = Owner.of("saga-42");
    Hold hold = lab.await(lock.acquireAsync(saga));
    Hold again = lab.await(lock.acquireAsync(saga));
    assertThat(again.token()).as("token of the same owner").isEqualTo(hold.token());
    assertThat(lab.await(lock.tryAcquireAsync(Owner.of("saga-43")))).isEmpty();

    assertThat(lab.await(lab.inThread(hold::release))).isEqualTo(Hold.Release.RELEASED);
    assertThat(lab.await(lock.tryAcquireAsync(Owner.of("saga-43")))).isEmpty();
    assertThat(lab.await(lab.inThread(again::release))).isEqualTo(Hold.Release.RELEASED);

    Hold next = lab.await(lab.node().lock("a").acquireAsync(saga));
    assertThat(next.token()).isGreaterThan(hold.token());
    next.close();
  }

  @Test
  @Tag(Layers.NODE)
  default void S08_ownersOfDifferentNodesAreDifferent(LockLab lab) {
    Owner same = Owner.of("same");
    lab.await(lab.node().lock("a").acquireAsync(same));
    assertThat(lab.await(lab.node().lock("a").tryAcquireAsync(same))).isEmpty();
  }

  @Test
  @Tag(Layers.NODE)
  default void S15_closeMayBeRepeated(LockLab lab) throws Exception {
    DistributedLock lock = lab.node().lock("a");
    Hold hold = lock.acquire();
    hold.close();
    hold.close();
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    assertThat(hold.isHeld()).isFalse();

    Hold next = lock.acquire();
    hold.close();
    assertThat(next.isHeld()).as("next hold after the old one was closed once more").isTrue();
    next.close();
  }

  @Test
  @Tag(Layers.NODE)
  default void S15_closeOfALostHoldDoesNotHideTheBodysException(LockLab lab) {
    DistributedLock lock = lab.node().lock("a");
    assertThatThrownBy(
            () -> {
              try (Hold hold = lock.acquire()) {
                loseByForce(lab, hold);
                throw new UnsupportedOperationException("from the body");
              }
            })
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("from the body")
        .hasNoSuppressedExceptions();
  }

  @Test
  @Tag(Layers.NODE)
  default void S15_lostHoldSaysSo(LockLab lab) throws Exception {
    DistributedLock lock = lab.node().lock("a");
    Hold hold = lock.acquire();
    Loss loss = loseByForce(lab, hold);

    assertThat(loss.name()).isEqualTo("a");
    assertThat(loss.token()).isEqualTo(hold.token());
    assertThat(loss.cause()).isEqualTo(Loss.Cause.FORCED);
    assertThat(hold.isHeld()).isFalse();
    assertThat(hold.remaining()).isEqualTo(Duration.ZERO);
    assertThatThrownBy(hold::ensureHeld).isInstanceOf(HoldLostException.class);
    assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    hold.close();

    Hold next = lock.acquire();
    assertThat(next.token()).isGreaterThan(hold.token());
    next.close();
  }

  @Test
  @Tag(Layers.NODE)
  default void S15_unlockByAStrangerIsRefusedAndHarmless(LockLab lab) throws Exception {
    DistributedLock lock = lab.node().lock("a");
    Lock classic = lock.asLock();
    Hold hold = lock.acquire();
    CompletableFuture<Object> stranger =
        lab.inThread(
            () -> {
              assertThatThrownBy(classic::unlock)
                  .isInstanceOf(IllegalMonitorStateException.class)
                  .isNotInstanceOf(HoldLostException.class);
              return "done";
            });
    lab.await(stranger);
    assertThat(hold.isHeld()).isTrue();
    hold.close();
  }

  private static Loss loseByForce(LockLab lab, Hold hold) {
    CompletableFuture<Loss> lost = new CompletableFuture<>();
    hold.onLost(lost::complete);
    LockReport report = lab.inspector().explain(hold.name()).orElseThrow();
    assertThat(lab.inspector().forceRelease(hold.name(), report.holders().get(0))).isTrue();
    return lab.await(lost);
  }

  @Test
  default void S25_everybodyCanSeeWhoHoldsAndWhoWaits(LockLab lab) throws Exception {
    Holdfast billing = lab.node(settings -> settings.node("billing-7"));
    Hold hold = lab.await(billing.lock("orders/42").acquireAsync(Owner.of("invoice-run")));
    Holdfast waiting = lab.node(settings -> settings.node("mailer-2"));
    var unused = waiting.lock("orders/42").acquireAsync(Owner.of("digest")).toCompletableFuture();
    lab.eventually("a waiter", () -> lab.waiting("orders/42") == 1);

    LockReport report = lab.inspector().explain("orders/42").orElseThrow();

    LockReport.Holder holder = report.holders().get(0);
    assertThat(holder.party().node()).isEqualTo("billing-7");
    assertThat(holder.party().pid()).isEqualTo(ProcessHandle.current().pid());
    assertThat(holder.party().host()).isNotBlank();
    assertThat(holder.owner()).contains("invoice-run");
    assertThat(holder.token()).isLessThanOrEqualTo(hold.token()).isPositive();
    assertThat(Duration.between(holder.since(), Instant.ofEpochMilli(lab.epochMillis())).abs())
        .isLessThan(Duration.ofMinutes(5));
    assertThat(report.waiters().get(0).party().node()).isEqualTo("mailer-2");
    assertThat(report.waiters().get(0).owner()).contains("digest");
    assertThat(lab.inspector().list("orders/")).hasSize(1);
    unused.cancel(true);
    hold.close();
  }

  @Test
  default void S25_failedTryTellsWhoWasInTheWay(LockLab lab) throws Exception {
    Hold hold = lab.node(settings -> settings.node("billing-7")).lock("a").acquire();
    DistributedLock other = lab.node().lock("a");
    // The look at the holder has little time beyond the deadline, so a busy server may miss it.
    lab.eventually("a report", () -> failedTry(other).isPresent());
    assertThat(hold.isHeld()).isTrue();
    hold.close();
  }

  /** What a try that failed tells of the holder; nothing if the engine has not answered in time. */
  private static Optional<LockReport> failedTry(DistributedLock lock) {
    try {
      lock.acquire(Duration.ofMillis(200));
      throw new AssertionError("granted beside the holder");
    } catch (LockTimeoutException timeout) {
      timeout.report().ifPresent(report -> assertThat(timeout).hasMessageContaining("billing-7"));
      return timeout.report();
    } catch (EngineUnavailableException slow) {
      return Optional.empty();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", interrupted);
    }
  }

  @Test
  default void S25_forceReleaseEndsExactlyWhatWasSeen(LockLab lab) {
    DistributedLock lock = lab.node().lock("a");
    Hold hold = lab.await(lock.acquireAsync(Owner.of("one")));
    LockReport.Holder seen = lab.inspector().explain("a").orElseThrow().holders().get(0);
    CompletableFuture<Hold> waiter =
        lab.node().lock("a").acquireAsync(Owner.of("two")).toCompletableFuture();
    hold.close();
    Hold next = lab.await(waiter);

    assertThat(lab.inspector().forceRelease("a", seen)).as("of a hold that has ended").isFalse();
    assertThat(next.isHeld()).isTrue();
    next.close();
  }

  @Test
  default void S34_tryGetsALockThatAnotherNodeMerelyRetains(LockLab lab) throws Exception {
    DistributedLock retaining =
        lab.node(settings -> settings.retainFor(Duration.ofMinutes(1))).lock("a");
    for (int i = 0; i < 10; i++) {
      retaining.acquire().close();
    }
    assertThat(lab.inspector().explain("a")).as("the lock, retained").isPresent();

    Optional<Hold> tried = lab.node().lock("a").tryAcquire();

    assertThat(tried).isPresent();
    tried.orElseThrow().close();
  }

  @Test
  default void S34_tryOfALockInUseIsEmptyAtOnce(LockLab lab) throws Exception {
    Hold hold = lab.node().lock("a").acquire();
    DistributedLock other = lab.node().lock("a");
    Duration took = lab.time(() -> assertThat(other.tryAcquire()).isEmpty());
    assertThat(took).isLessThan(Duration.ofMillis(500).plus(lab.kit().jitter()));
    assertThat(hold.isHeld()).isTrue();
    hold.close();
  }
}
