package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** The read-write view does what {@link ReadWriteLock} and {@code ReentrantReadWriteLock} say. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class ClassicReadWriteLockTest extends ClassicReadWriteFixture {

  ClassicReadWriteLockTest(Style style) {
    super(style);
  }

  // ---------------------------------------------------------------- who may be beside whom

  @Test
  void readersShare() {
    read.lock();
    assertThat(freeElsewhere(read)).isTrue();
    assertThat(freeElsewhere(remoteRead)).isTrue();
    Task.run(() -> use(read)).result();
    Task.run(() -> use(remoteRead)).result();
    read.unlock();
    assertAllFree();
  }

  @Test
  void aReaderKeepsWritersOut() {
    read.lock();
    assertThat(freeElsewhere(write)).isFalse();
    assertThat(freeElsewhere(remoteWrite)).isFalse();
    read.unlock();
    assertAllFree();
  }

  @Test
  void aWriterKeepsEverybodyOut() {
    write.lock();
    assertThat(freeElsewhere(write)).isFalse();
    assertThat(freeElsewhere(read)).isFalse();
    assertThat(freeElsewhere(remoteWrite)).isFalse();
    assertThat(freeElsewhere(remoteRead)).isFalse();
    write.unlock();
    assertAllFree();
  }

  @Test
  void writersWaitForReaders() {
    read.lock();
    Task<Boolean> local = Task.parked(() -> use(write));
    Task<Boolean> remote = Task.parked(() -> use(remoteWrite));
    Await.holds("wait", SHORT, () -> !local.isDone() && !remote.isDone());
    read.unlock();
    local.result();
    remote.result();
  }

  @Test
  void readersWaitForAWriter() {
    write.lock();
    Task<Boolean> local = Task.parked(() -> use(read));
    Task<Boolean> remote = Task.parked(() -> use(remoteRead));
    Await.holds("wait", SHORT, () -> !local.isDone() && !remote.isDone());
    write.unlock();
    local.result();
    remote.result();
    assertAllFree();
  }

  // ---------------------------------------------------------------- unlock

  @Test
  void unlockByOneWhoHoldsNothingIsRefused() {
    assertNotMine(read);
    assertNotMine(write);
    read.lock();
    assertNotMine(write);
    Task.run(read::unlock).failsWith(IllegalMonitorStateException.class);
    assertThat(freeElsewhere(write)).isFalse();
    read.unlock();
    assertNotMine(read);
    write.lock();
    assertNotMine(read);
    Task.run(write::unlock).failsWith(IllegalMonitorStateException.class);
    Task.run(read::unlock).failsWith(IllegalMonitorStateException.class);
    assertThat(freeElsewhere(read)).isFalse();
    write.unlock();
    assertNotMine(write);
    assertAllFree();
  }

  @Test
  void aReaderCannotUnlockForAnother() {
    read.lock();
    Task<Boolean> other =
        Task.run(
            () -> {
              read.lock();
              read.unlock();
              assertNotMine(read);
            });
    other.result();
    assertThat(freeElsewhere(write)).isFalse();
    read.unlock();
    assertAllFree();
  }

  // ---------------------------------------------------------------- reentrancy

  @Test
  void writersReenter() throws InterruptedException {
    write.lock();
    write.lockInterruptibly();
    assertThat(write.tryLock()).isTrue();
    assertThat(write.tryLock(1, TimeUnit.SECONDS)).isTrue();
    for (int left = 4; left > 0; left--) {
      assertThat(freeElsewhere(read)).isFalse();
      write.unlock();
    }
    assertAllFree();
  }

  @Test
  void readersReenter() throws InterruptedException {
    read.lock();
    read.lockInterruptibly();
    assertThat(read.tryLock()).isTrue();
    assertThat(read.tryLock(1, TimeUnit.SECONDS)).isTrue();
    for (int left = 4; left > 0; left--) {
      assertThat(freeElsewhere(write)).isFalse();
      read.unlock();
    }
    assertAllFree();
  }

  @Test
  void readersReenterWhileAWriterWaits() throws InterruptedException {
    read.lock();
    Task<Boolean> writer = Task.parked(() -> use(write));
    read.lock();
    assertThat(read.tryLock()).isTrue();
    assertThat(read.tryLock(1, TimeUnit.SECONDS)).isTrue();
    for (int left = 4; left > 0; left--) {
      assertThat(writer.isDone()).isFalse();
      read.unlock();
    }
    writer.result();
  }

  @Test
  void readersReenterWhileARemoteWriterWaits() {
    read.lock();
    Task<Boolean> writer = Task.parked(() -> use(remoteWrite));
    Await.waiters(node, "rw", 1);
    read.lock();
    read.unlock();
    assertThat(writer.isDone()).isFalse();
    read.unlock();
    writer.result();
  }

  // ---------------------------------------------------------------- downgrade

  @Test
  void aWriterMayReadInAnyFlavour() throws InterruptedException {
    write.lock();
    read.lock();
    read.lockInterruptibly();
    assertThat(read.tryLock()).isTrue();
    assertThat(read.tryLock(1, TimeUnit.SECONDS)).isTrue();
    for (int left = 4; left > 0; left--) {
      read.unlock();
    }
    assertNotMine(read);
    assertThat(freeElsewhere(read)).isFalse();
    write.unlock();
    assertAllFree();
  }

  @Test
  void aWriterMayReadWhileOthersWait() {
    write.lock();
    Task<Boolean> local = Task.parked(() -> use(write));
    Task<Boolean> remote = Task.parked(() -> use(remoteWrite));
    read.lock();
    assertThat(local.isDone() || remote.isDone()).isFalse();
    read.unlock();
    write.unlock();
    local.result();
    remote.result();
  }

  @Test
  void downgradeLetsReadersInAndKeepsWritersOut() {
    write.lock();
    read.lock();
    write.unlock();
    assertNotMine(write);
    Task.run(() -> use(read)).result();
    Task.run(() -> use(remoteRead)).result();
    assertThat(freeElsewhere(write)).isFalse();
    assertThat(freeElsewhere(remoteWrite)).isFalse();
    read.unlock();
    assertAllFree();
  }

  @Test
  void downgradeAdmitsReadersThatWait() {
    write.lock();
    Task<Boolean> local = Task.parked(() -> use(read));
    Task<Boolean> remote = Task.parked(() -> use(remoteRead));
    read.lock();
    write.unlock();
    local.result();
    remote.result();
    assertThat(freeElsewhere(write)).isFalse();
    read.unlock();
    assertAllFree();
  }

  @Test
  void downgradeUnderAWaitingRemoteWriterClosesTheReadPhase() {
    write.lock();
    Task<Boolean> writer = Task.parked(() -> use(remoteWrite));
    Await.waiters(node, "rw", 1);
    read.lock();
    write.unlock();
    Task<Boolean> late = Task.parked(() -> use(read));
    Await.holds("queue", SHORT, () -> !writer.isDone() && !late.isDone());
    read.unlock();
    writer.result();
    late.result();
  }

  @Test
  void downgradeThenReleaseWithALocalWriterWaiting() {
    write.lock();
    Task<Boolean> writer = Task.parked(() -> use(write));
    read.lock();
    write.unlock();
    Await.holds("waits", SHORT, () -> !writer.isDone());
    read.unlock();
    writer.result();
    assertAllFree();
  }

  @Test
  void readHoldMayEndBeforeTheWriteHold() {
    write.lock();
    read.lock();
    read.unlock();
    assertThat(freeElsewhere(read)).isFalse();
    assertThat(freeElsewhere(remoteRead)).isFalse();
    write.unlock();
    assertAllFree();
  }

  // ---------------------------------------------------------------- upgrade

  @Test
  void anUpgradeNeverWaits() throws InterruptedException {
    read.lock();
    assertThat(write.tryLock()).isFalse();
    long start = System.nanoTime();
    assertThat(write.tryLock(1, TimeUnit.HOURS)).isFalse();
    assertThat(write.tryLock(0, TimeUnit.HOURS)).isFalse();
    assertThatThrownBy(write::lock).isInstanceOf(LockRefusedException.class);
    assertThatThrownBy(write::lockInterruptibly)
        .isInstanceOf(LockRefusedException.class)
        .hasMessageContaining("rw")
        .hasMessageContaining("tryUpgrade");
    assertThat(Await.since(start)).isLessThan(Await.LIMIT);
    assertNotMine(write);
    assertThat(freeElsewhere(read)).isTrue();
    read.unlock();
    write.lock();
    write.unlock();
    assertAllFree();
  }

  @Test
  void anUpgradeIsRefusedWhileAWriterWaitsToo() throws InterruptedException {
    read.lock();
    Task<Boolean> writer = Task.parked(() -> use(write));
    assertThat(write.tryLock()).isFalse();
    assertThat(write.tryLock(1, TimeUnit.HOURS)).isFalse();
    assertThatThrownBy(write::lock).isInstanceOf(LockRefusedException.class);
    read.unlock();
    writer.result();
  }

  @Test
  void anInterruptedUpgradeIsInterrupted() {
    Task.run(
            () -> {
              read.lock();
              Thread.currentThread().interrupt();
              assertThatThrownBy(() -> write.tryLock(1, TimeUnit.HOURS))
                  .isInstanceOf(InterruptedException.class);
              Thread.currentThread().interrupt();
              assertThatThrownBy(write::lockInterruptibly).isInstanceOf(InterruptedException.class);
              read.unlock();
            })
        .result();
    assertAllFree();
  }

  // ---------------------------------------------------------------- conditions, text

  @Test
  void newConditionIsRefusedOnBothSides() {
    for (Lock side : List.of(read, write)) {
      assertThatThrownBy(side::newCondition)
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("polling");
    }
  }

  @Test
  void textNamesTheLockAndTheSide() {
    assertThat(read.toString()).contains("rw").contains("SHARED");
    assertThat(write.toString()).contains("rw").contains("EXCLUSIVE");
  }
}
