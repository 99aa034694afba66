package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The lock view does what {@link Lock} and {@code ReentrantLock} say. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class ClassicLockTest extends ClassicLockFixture {

  private int unguarded;

  ClassicLockTest(Style style) {
    super(style);
  }

  // ---------------------------------------------------------------- lock and unlock

  @Test
  void locksAndUnlocks() {
    lock.lock();
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void unlockOfAFreeLockIsRefused() {
    assertThatThrownBy(lock::unlock)
        .isExactlyInstanceOf(IllegalMonitorStateException.class)
        .hasMessageContaining("classic")
        .hasMessageContaining(Thread.currentThread().getName());
  }

  @Test
  void unlockByAnotherThreadIsRefusedAndChangesNothing() {
    lock.lock();
    Task.run(lock::unlock).failsWith(IllegalMonitorStateException.class);
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void unlockTooOftenIsRefusedAndChangesNothing() {
    lock.lock();
    lock.lock();
    lock.unlock();
    lock.unlock();
    assertNotMine();
    assertNotMine();
    lock.lock();
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void isFreeAfterAsManyUnlocksAsLocksInAnyFlavour() throws InterruptedException {
    lock.lock();
    lock.lockInterruptibly();
    assertThat(lock.tryLock()).isTrue();
    assertThat(lock.tryLock(1, TimeUnit.SECONDS)).isTrue();
    assertThat(lock.tryLock(0, TimeUnit.SECONDS)).isTrue();
    for (int left = 5; left > 0; left--) {
      assertThat(freeForOthers()).isFalse();
      lock.unlock();
    }
    assertThat(freeForOthers()).isTrue();
    assertNotMine();
  }

  @Test
  void isReenteredWhileOthersWait() {
    lock.lock();
    Task<Boolean> waiter = Task.parked(this::lockAndUnlock);
    lock.lock();
    assertThat(lock.tryLock()).isTrue();
    lock.unlock();
    lock.unlock();
    assertThat(waiter.isDone()).isFalse();
    lock.unlock();
    waiter.result();
  }

  @Test
  void isReenteredThousandsOfTimes() {
    for (int i = 0; i < 10_000; i++) {
      lock.lock();
    }
    for (int i = 0; i < 9_999; i++) {
      lock.unlock();
    }
    assertThat(freeForOthers()).isFalse();
    lock.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void isUsedAgainAndAgainByChangingThreads() {
    for (int i = 0; i < 200; i++) {
      lock.lock();
      lock.unlock();
      if (i % 20 == 0) {
        Task.run(this::lockAndUnlock).result();
      }
    }
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void allViewsAreOneLock() {
    Lock other = node.lock("classic", style.options()).asLock();
    lock.lock();
    assertThat(Task.<Boolean>elsewhere(other::tryLock)).isFalse();
    assertThat(other.tryLock()).isTrue();
    lock.unlock();
    other.unlock();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void holdAndViewAreOneLock() throws InterruptedException {
    DistributedLock same = node.lock("classic", style.options());
    lock.lock();
    try (Hold hold = same.acquire()) {
      lock.unlock();
      assertThat(hold.isHeld()).isTrue();
      assertThat(same.isHeldByCurrentThread()).isTrue();
      assertThat(freeForOthers()).isFalse();
    }
    assertThat(same.isHeldByCurrentThread()).isFalse();
    assertNotMine();
    assertThat(freeForOthers()).isTrue();
  }

  @Test
  void excludesAndWakesThreadsOfOtherNodes() {
    Lock remote = nodes.open("b").lock("classic", style.options()).asLock();
    lock.lock();
    assertThat(remote.tryLock()).isFalse();
    Task<Boolean> waiter =
        Task.parked(
            () -> {
              remote.lock();
              remote.unlock();
            });
    lock.unlock();
    waiter.result();
    assertThat(freeForOthers()).isTrue();
  }

  // ---------------------------------------------------------------- lock waits

  @Test
  void lockWaitsForTheHolder() {
    lock.lock();
    Task<Boolean> waiter = Task.parked(this::lockAndUnlock);
    Await.holds("waits", Duration.ofMillis(SHORT_MILLIS), () -> !waiter.isDone());
    lock.unlock();
    waiter.result();
  }

  @Test
  void lockIsDeafToInterruptsAndKeepsTheStatus() {
    lock.lock();
    Task<Boolean> waiter =
        Task.start(
            () -> {
              lock.lock();
              boolean kept = Thread.currentThread().isInterrupted();
              lock.unlock();
              return kept;
            });
    waiter.awaitParked();
    waiter.interrupt();
    Await.holds("waits", Duration.ofMillis(SHORT_MILLIS), () -> !waiter.isDone());
    waiter.interrupt();
    lock.unlock();
    assertThat(waiter.result()).isTrue();
  }

  @Test
  void lockOfAnInterruptedThreadSucceedsAndKeepsTheStatus() {
    boolean kept =
        Task.elsewhere(
            () -> {
              Thread.currentThread().interrupt();
              lock.lock();
              boolean still = Thread.currentThread().isInterrupted();
              lock.unlock();
              return still && Thread.currentThread().isInterrupted();
            });
    assertThat(kept).isTrue();
  }

  @Test
  void lockOfAnInterruptedThreadWaitsAndKeepsTheStatus() {
    Holder holder = new Holder();
    Task<Boolean> waiter =
        Task.start(
            () -> {
              Thread.currentThread().interrupt();
              lock.lock();
              lock.unlock();
              return Thread.currentThread().isInterrupted();
            });
    Await.holds("waits", Duration.ofMillis(SHORT_MILLIS), () -> !waiter.isDone());
    holder.leave();
    assertThat(waiter.result()).isTrue();
  }

  @Test
  void aThreadThatDiesInsideKeepsTheLock() throws InterruptedException {
    Task.run(lock::lock).result();
    assertThat(lock.tryLock()).isFalse();
    assertThat(lock.tryLock(SHORT_MILLIS, TimeUnit.MILLISECONDS)).isFalse();
    assertNotMine();
  }

  // ---------------------------------------------------------------- conditions, text

  @Test
  void newConditionIsRefusedAndSaysWhatToDo() {
    assertThatThrownBy(lock::newCondition)
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("condition")
        .hasMessageContaining("polling");
  }

  @Test
  void textNamesTheLock() {
    assertThat(lock.toString()).contains("classic");
    lock.lock();
    assertThat(lock.toString()).contains("classic");
    lock.unlock();
  }

  // ---------------------------------------------------------------- many threads

  @Test
  void whatOneHolderWroteTheNextOneSees() {
    int threads = 4;
    int rounds = 500;
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      tasks.add(Task.run(() -> countUnguarded(rounds)));
    }
    tasks.forEach(Task::result);
    lock.lock();
    assertThat(unguarded).isEqualTo(threads * rounds);
    lock.unlock();
  }

  private void countUnguarded(int rounds) {
    for (int i = 0; i < rounds; i++) {
      lock.lock();
      try {
        unguarded++;
      } finally {
        lock.unlock();
      }
    }
  }

  @Test
  void noWakeUpIsLostWhateverTheWayOfWaiting() {
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      int flavour = i;
      tasks.add(Task.run(() -> useOften(flavour)));
    }
    tasks.forEach(Task::result);
    assertThat(freeForOthers()).isTrue();
  }

  private void useOften(int flavour) throws InterruptedException {
    for (int i = 0; i < 300; i++) {
      switch ((flavour + i) % 4) {
        case 0 -> lock.lock();
        case 1 -> lock.lockInterruptibly();
        case 2 -> assertThat(lock.tryLock(1, TimeUnit.MINUTES)).isTrue();
        default -> lockImpatiently();
      }
      lock.unlock();
    }
  }

  /** Gives up a few times, so that what a short wait leaves behind does not pile up. */
  private void lockImpatiently() throws InterruptedException {
    for (int i = 0; i < 20; i++) {
      if (lock.tryLock(20, TimeUnit.MICROSECONDS)) {
        return;
      }
    }
    lock.lock();
  }

  @Test
  void everyWaiterIsServed() {
    lock.lock();
    List<Task<Boolean>> waiters = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      waiters.add(Task.parked(this::lockAndUnlock));
    }
    lock.unlock();
    waiters.forEach(Task::result);
    assertThat(freeForOthers()).isTrue();
  }
}
