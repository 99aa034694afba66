package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The lock view does what {@link Lock} says of those who may give up. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class ClassicTryLockTest extends ClassicLockFixture {

  ClassicTryLockTest(Style style) {
    super(style);
  }

  // ---------------------------------------------------------------- lockInterruptibly

  @Test
  void lockInterruptiblyGetsAFreeLock() throws InterruptedException {
    lock.lockInterruptibly();
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
  }

  @Test
  void lockInterruptiblyRefusesAnInterruptedThread() {
    Task.run(
            () -> {
              Thread.currentThread().interrupt();
              assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              assertNotMine();
            })
        .result();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void lockInterruptiblyRefusesAnInterruptedOwnerToo() {
    Task.run(
            () -> {
              lock.lock();
              Thread.currentThread().interrupt();
              assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
              lock.unlock();
              assertNotMine();
            })
        .result();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void lockInterruptiblyIsInterruptedWhileWaiting() {
    lock.lock();
    Task<Boolean> waiter =
        Task.parked(
            () -> {
              assertThatThrownBy(lock::lockInterruptibly).isInstanceOf(InterruptedException.class);
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              assertNotMine();
            });
    waiter.interrupt();
    waiter.result();
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
    Await.until("nothing is left", this::atRestWhenIdle);
  }

  private boolean atRestWhenIdle() {
    return node.inspector().list("").stream().allMatch(report -> report.waiters().isEmpty());
  }

  @Test
  void anInterruptedWaiterDoesNotDisturbTheOthers() {
    lock.lock();
    Task<Boolean> first = Task.parked(() -> lockInterruptiblyAndUnlock());
    Task<Boolean> second = Task.parked(() -> lockInterruptiblyAndUnlock());
    Task<Boolean> third = Task.parked(() -> lockInterruptiblyAndUnlock());
    second.interrupt();
    second.failsWith(InterruptedException.class);
    first.interrupt();
    first.failsWith(InterruptedException.class);
    assertThat(third.isDone()).isFalse();
    lock.unlock();
    third.result();
  }

  private void lockInterruptiblyAndUnlock() throws InterruptedException {
    lock.lockInterruptibly();
    lock.unlock();
  }

  // ---------------------------------------------------------------- tryLock

  @Test
  void tryLockGetsAFreeLock() {
    assertThat(lock.tryLock()).isTrue();
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void tryLockFailsWhileAnotherHoldsAndSucceedsAfterwards() {
    Holder holder = new Holder();
    assertThat(lock.tryLock()).isFalse();
    assertNotMine();
    holder.leave();
    assertThat(lock.tryLock()).isTrue();
    lock.unlock();
  }

  @Test
  void tryLockIsDeafToInterruptsAndKeepsTheStatus() {
    Task.run(
            () -> {
              Thread.currentThread().interrupt();
              assertThat(lock.tryLock()).isTrue();
              assertThat(Thread.currentThread().isInterrupted()).isTrue();
              lock.unlock();
            })
        .result();
  }

  @Test
  void failedTryLockKeepsTheInterruptStatus() {
    lock.lock();
    Task.run(
            () -> {
              Thread.currentThread().interrupt();
              assertThat(lock.tryLock()).isFalse();
              assertThat(Thread.currentThread().isInterrupted()).isTrue();
            })
        .result();
    lock.unlock();
  }

  // ---------------------------------------------------------------- timed tryLock

  @Test
  void timedTryLockGetsAFreeLock() throws InterruptedException {
    assertThat(lock.tryLock(1, TimeUnit.SECONDS)).isTrue();
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
  }

  @Test
  void timedTryLockTimesOutAndLeavesNothing() throws InterruptedException {
    Holder holder = new Holder();
    long start = System.nanoTime();
    assertThat(lock.tryLock(SHORT_MILLIS, TimeUnit.MILLISECONDS)).isFalse();
    assertThat(Await.since(start)).isGreaterThanOrEqualTo(Duration.ofMillis(SHORT_MILLIS));
    assertNotMine();
    holder.leave();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void timedTryLockGetsALockThatIsReleasedInTime() {
    Holder holder = new Holder();
    Task<Boolean> waiter =
        Task.parked(
            () -> {
              assertThat(lock.tryLock(Await.LIMIT.toMillis(), TimeUnit.MILLISECONDS)).isTrue();
              lock.unlock();
            });
    holder.leave();
    waiter.result();
  }

  @Test
  void timedTryLockOfAnInterruptedThreadIsRefusedEvenIfFree() {
    for (long time : new long[] {Long.MAX_VALUE, 1, 0, -1}) {
      Task.run(
              () -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> lock.tryLock(time, TimeUnit.SECONDS))
                    .isInstanceOf(InterruptedException.class);
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
                assertNotMine();
              })
          .result();
    }
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void timedTryLockIsInterruptedWhileWaiting() {
    lock.lock();
    Task<Boolean> waiter =
        Task.parked(
            () -> {
              assertThatThrownBy(() -> lock.tryLock(1, TimeUnit.HOURS))
                  .isInstanceOf(InterruptedException.class);
              assertThat(Thread.currentThread().isInterrupted()).isFalse();
              assertNotMine();
            });
    waiter.interrupt();
    waiter.result();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void timedTryLockWithZeroOrLessDoesNotWait() throws InterruptedException {
    long[] times = {0, -1, Long.MIN_VALUE};
    for (long time : times) {
      assertThat(lock.tryLock(time, TimeUnit.DAYS)).isTrue();
      lock.unlock();
    }
    Holder holder = new Holder();
    for (long time : times) {
      assertThat(lock.tryLock(time, TimeUnit.DAYS)).isFalse();
    }
    holder.leave();
  }

  @Test
  void timedTryLockWithHugeTimesWaits() {
    for (TimeUnit unit : TimeUnit.values()) {
      lock.lock();
      Task<Boolean> waiter =
          Task.parked(
              () -> {
                assertThat(lock.tryLock(Long.MAX_VALUE, unit)).isTrue();
                lock.unlock();
              });
      assertThat(waiter.isDone()).isFalse();
      lock.unlock();
      waiter.result();
    }
  }

  @Test
  void timedTryLockNeedsAUnit() {
    for (long time : new long[] {1, 0}) {
      assertThatThrownBy(() -> lock.tryLock(time, null)).isInstanceOf(NullPointerException.class);
    }
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void aWaiterThatTimedOutDoesNotDisturbTheOthers() {
    lock.lock();
    Task<Boolean> first =
        Task.parked(() -> assertThat(lock.tryLock(SHORT_MILLIS, TimeUnit.MILLISECONDS)).isFalse());
    Task<Boolean> second = Task.parked(this::lockAndUnlock);
    first.result();
    assertThat(second.isDone()).isFalse();
    lock.unlock();
    second.result();
  }
}
