package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The life and death of a hold. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class HoldTest {

  private static final Duration BRIEF = Duration.ofMillis(50);

  private final Nodes nodes = new Nodes();
  private final Holdfast a = nodes.open("a");
  private final Holdfast b = nodes.open("b");
  private final Style style;
  private final DistributedLock lock;
  private final DistributedLock brief;
  private final DistributedLock other;
  private final ConcurrentLinkedQueue<Loss> losses = new ConcurrentLinkedQueue<>();

  HoldTest(Style style) {
    this.style = style;
    lock = a.lock("work", style.options());
    brief = a.lock("brief", style.options().maxHold(BRIEF));
    other = b.lock("brief", style.options());
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  private void awaitLost(Hold hold) {
    Await.until("the hold is lost", () -> !hold.isHeld());
  }

  private void assertOneLoss(Loss.Cause cause, Hold hold) {
    Await.until("the loss is told", () -> !losses.isEmpty());
    assertThat(losses).containsExactly(new Loss(hold.name(), hold.token(), cause));
  }

  // ---------------------------------------------------------------- as long as it lasts

  @Test
  void isHeldUntilReleased() throws InterruptedException {
    Hold hold = lock.acquire();
    assertThat(hold.isHeld()).isTrue();
    assertThat(hold.token()).isPositive();
    assertThat(hold.parts()).containsExactly(hold);
    assertThat(hold.remaining()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(10));
    assertThat(hold.toString()).contains("work").contains("" + hold.token());
    hold.ensureHeld();
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    assertThat(hold.isHeld()).isFalse();
    assertThat(hold.remaining()).isZero();
    assertThat(hold.token()).isPositive();
    assertThatThrownBy(hold::ensureHeld)
        .isInstanceOf(IllegalStateException.class)
        .isNotInstanceOf(HoldLostException.class)
        .hasMessageContaining("work")
        .hasMessageContaining("acquire it again");
  }

  @Test
  void s15_releaseMayBeRepeatedAndCountsOnce() throws InterruptedException {
    Hold outer = lock.acquire();
    Hold inner = lock.acquire();
    for (int i = 0; i < 3; i++) {
      assertThat(inner.release()).isEqualTo(Hold.Release.RELEASED);
      inner.close();
    }
    assertThat(outer.isHeld()).isTrue();
    outer.ensureHeld();
    assertThat(Task.elsewhere(() -> lock.tryAcquire().isPresent())).isFalse();
    outer.close();
    assertThat(outer.release()).isEqualTo(Hold.Release.RELEASED);
  }

  @Test
  void threadsThatReleaseTheSameHoldAtOnceGetTheSameAnswer() throws InterruptedException {
    for (int round = 0; round < 200; round++) {
      Hold outer = lock.acquire();
      Hold inner = lock.acquire();
      Task<Hold.Release> other = Task.start(inner::release);
      assertThat(inner.release()).isEqualTo(Hold.Release.RELEASED);
      assertThat(other.result()).isEqualTo(Hold.Release.RELEASED);
      assertThat(outer.release()).as("the outer hold").isEqualTo(Hold.Release.RELEASED);
    }
  }

  @Test
  void anOldHoldDoesNotEndANewerOne() throws InterruptedException {
    Hold old = lock.acquire();
    old.close();
    Hold fresh = lock.acquire();
    old.close();
    old.release();
    assertThat(fresh.isHeld()).isTrue();
    fresh.ensureHeld();
    fresh.close();
  }

  @Test
  void s15_doesNotHideTheExceptionOfTheBody() {
    assertThatThrownBy(
            () -> {
              try (Hold hold = brief.acquire()) {
                awaitLost(hold);
                throw new IOException("the real reason");
              }
            })
        .isInstanceOf(IOException.class)
        .hasMessage("the real reason")
        .hasNoSuppressedExceptions();
  }

  @Test
  void anUntroubledHoldTellsNobody() throws InterruptedException {
    Hold hold = lock.acquire();
    assertThat(hold.onLost(losses::add)).isSameAs(hold);
    hold.close();
    hold.onLost(losses::add);
    a.close();
    assertThat(losses).isEmpty();
  }

  // ---------------------------------------------------------------- maxHold

  @Test
  void r13_25_aHoldBeyondMaxHoldIsLost() throws InterruptedException {
    Hold hold = brief.acquire();
    hold.onLost(losses::add);
    assertOneLoss(Loss.Cause.MAX_HOLD, hold);
    assertThat(hold.isHeld()).isFalse();
    assertThat(hold.remaining()).isZero();
    assertThatThrownBy(hold::ensureHeld)
        .isInstanceOf(IllegalMonitorStateException.class)
        .isInstanceOfSatisfying(
            HoldLostException.class,
            lost ->
                assertThat(lost.loss())
                    .isEqualTo(new Loss("brief", hold.token(), Loss.Cause.MAX_HOLD)))
        .hasMessageContaining("brief")
        .hasMessageContaining("" + hold.token())
        .hasMessageContaining("maxHold")
        .hasMessageContaining("stop the work");
    try (Hold next = brief.acquire()) {
      assertThat(next.token()).isGreaterThan(hold.token());
      assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
      assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
      hold.close();
      assertThat(next.isHeld()).isTrue();
    }
    assertThat(losses).hasSize(1);
  }

  @Test
  void afterMaxHoldTheNextWaiterGetsALargerToken() throws InterruptedException {
    Hold hold = brief.acquire();
    Task<Long> local = Task.start(() -> tokenOfOneUse(brief));
    Task<Long> remote = Task.start(() -> tokenOfOneUse(other));
    assertThat(local.result()).isGreaterThan(hold.token());
    assertThat(remote.result()).isGreaterThan(hold.token());
    hold.close();
  }

  private static long tokenOfOneUse(DistributedLock lock) throws InterruptedException {
    try (Hold hold = lock.acquire()) {
      return hold.token();
    }
  }

  @Test
  void maxHoldCountsFromTheOutermostAcquisition() throws InterruptedException {
    Hold outer = brief.acquire();
    Hold inner = brief.acquire();
    awaitLost(outer);
    assertThat(inner.isHeld()).isFalse();
    assertThat(inner.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    assertThat(outer.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    brief.acquire().close();
  }

  @Test
  void maxHoldOfAReleasedHoldDoesNotEndTheNextOne() throws InterruptedException {
    LockOptions seconds = style.options().maxHold(Duration.ofMillis(400));
    DistributedLock limited = a.lock("limited", seconds);
    limited.acquire().close();
    Await.pass(Duration.ofMillis(300));
    long start = System.nanoTime();
    Hold hold = limited.acquire();
    awaitLost(hold);
    assertThat(Await.since(start)).isGreaterThanOrEqualTo(Duration.ofMillis(400));
  }

  @Test
  void anEternalMaxHoldIsNoLimit() throws InterruptedException {
    Duration eternal = Duration.ofSeconds(Long.MAX_VALUE);
    DistributedLock limited = a.lock("eternal", style.options().maxHold(eternal));
    try (Hold hold = limited.tryAcquire(Await.LIMIT).orElseThrow()) {
      assertThat(hold.isHeld()).isTrue();
    }
    assertThat(Task.elsewhere(() -> limited.tryAcquire().isPresent())).isTrue();
  }

  @Test
  void maxHoldEndsReadersToo() throws InterruptedException {
    DistributedReadWriteLock rw = a.readWriteLock("rw", style.options().maxHold(BRIEF));
    Hold read = rw.readLock().acquire();
    read.onLost(losses::add);
    Task<Boolean> writer = Task.run(() -> rw.writeLock().acquire().close());
    assertOneLoss(Loss.Cause.MAX_HOLD, read);
    writer.result();
    assertThat(read.release()).isEqualTo(Hold.Release.ALREADY_LOST);
  }

  @Test
  void unlockOfALostLockSaysSoOnce() {
    brief.asLock().lock();
    Await.until("it is lost", () -> !brief.isHeldByCurrentThread());
    assertThatThrownBy(() -> brief.asLock().unlock())
        .isInstanceOfSatisfying(
            HoldLostException.class,
            lost -> assertThat(lost.loss().cause()).isEqualTo(Loss.Cause.MAX_HOLD));
    assertThatThrownBy(() -> brief.asLock().unlock())
        .isExactlyInstanceOf(IllegalMonitorStateException.class);
    brief.asLock().lock();
    brief.asLock().unlock();
  }

  // ---------------------------------------------------------------- listeners

  @Test
  void aListenerThatComesTooLateIsCalledAtOnce() throws InterruptedException {
    Hold hold = brief.acquire();
    awaitLost(hold);
    hold.onLost(losses::add);
    assertOneLoss(Loss.Cause.MAX_HOLD, hold);
  }

  @Test
  void everyListenerIsCalledOnce() throws InterruptedException {
    Hold hold = brief.acquire();
    hold.onLost(losses::add).onLost(losses::add);
    Await.until("both are told", () -> losses.size() == 2);
    hold.close();
    b.close();
    a.close();
    assertThat(losses).hasSize(2);
  }

  @Test
  void aListenerOfAnInnerHoldIsNotCalledAfterItsRelease() throws InterruptedException {
    Hold outer = brief.acquire();
    outer.onLost(losses::add);
    AtomicInteger inner = new AtomicInteger();
    brief.acquire().onLost(loss -> inner.incrementAndGet()).close();
    assertOneLoss(Loss.Cause.MAX_HOLD, outer);
    outer.close();
    Await.holds("nobody tells the inner hold", BRIEF, () -> inner.get() == 0);
  }

  @Test
  void r13_26_aListenerThatBlocksOrThrowsStopsNobody() throws InterruptedException {
    CountDownLatch blocked = new CountDownLatch(1);
    Hold hold = brief.acquire();
    hold.onLost(loss -> Await.latch(blocked));
    hold.onLost(
        loss -> {
          throw new IllegalStateException("expected by the test");
        });
    hold.onLost(losses::add);
    assertOneLoss(Loss.Cause.MAX_HOLD, hold);
    brief.acquire().close();
    lock.acquire().close();
    blocked.countDown();
  }

  // ---------------------------------------------------------------- close of the node

  @Test
  void aHoldIsLostWhenItsNodeIsClosed() throws InterruptedException {
    Hold hold = lock.acquire();
    hold.onLost(losses::add);
    a.close();
    assertOneLoss(Loss.Cause.CLOSED, hold);
    assertThatThrownBy(hold::ensureHeld)
        .isInstanceOf(HoldLostException.class)
        .hasMessageContaining("closed");
    assertThatCode(hold::close).doesNotThrowAnyException();
    assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    b.lock("work", style.options()).tryAcquire().orElseThrow().close();
  }

  @Test
  void aListenerThatComesAfterTheCloseOfTheNodeIsCalledToo() throws InterruptedException {
    Hold hold = lock.acquire();
    a.close();
    hold.onLost(losses::add);
    assertOneLoss(Loss.Cause.CLOSED, hold);
  }

  // ---------------------------------------------------------------- the lease

  @Test
  void r13_21_aHoldIsLostWhenTheLeaseCannotBeRenewed() throws InterruptedException {
    FaultyEngine engine = nodes.faulty();
    Holdfast node = nodes.open(nodes.builder("weak").engine(engine).ttl(Duration.ofSeconds(2)));
    DistributedLock weak = node.lock("weak", style.options());
    Hold hold = weak.acquire();
    hold.onLost(losses::add);
    engine.allCalls(FaultyEngine.Fault.HANG);
    assertOneLoss(Loss.Cause.LEASE_EXPIRED, hold);
    assertThat(node.isActive()).isFalse();
    assertThatThrownBy(hold::ensureHeld).isInstanceOf(HoldLostException.class);
    engine.heal();
    try (Hold next = weak.acquire()) {
      assertThat(next.token()).isGreaterThan(hold.token());
      assertThat(next.isHeld()).isTrue();
      assertThat(List.copyOf(losses)).hasSize(1);
    }
    hold.close();
  }
}
