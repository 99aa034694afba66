package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import org.junit.jupiter.api.AfterEach;
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
class ClassicReadWriteLockTest {

  private static final Duration SHORT = Duration.ofMillis(60);

  private final Nodes nodes = new Nodes();
  private final Holdfast node = nodes.open("a");
  private final Lock read;
  private final Lock write;
  private final Lock remoteRead;
  private final Lock remoteWrite;

  ClassicReadWriteLockTest(Style style) {
    ReadWriteLock local = node.readWriteLock("rw", style.options()).asReadWriteLock();
    Holdfast other = nodes.open("b");
    ReadWriteLock remote = other.readWriteLock("rw", style.options()).asReadWriteLock();
    read = local.readLock();
    write = local.writeLock();
    remoteRead = remote.readLock();
    remoteWrite = remote.writeLock();
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  private static boolean freeElsewhere(Lock side) {
    return Task.elsewhere(
        () -> {
          boolean got = side.tryLock();
          if (got) {
            side.unlock();
          }
          return got;
        });
  }

  private static void use(Lock side) {
    side.lock();
    side.unlock();
  }

  private static void assertNotMine(Lock side) {
    assertThatThrownBy(side::unlock).isExactlyInstanceOf(IllegalMonitorStateException.class);
  }

  private void assertAllFree() {
    assertThat(freeElsewhere(write)).isTrue();
    assertThat(freeElsewhere(remoteWrite)).isTrue();
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

  // ---------------------------------------------------------------- order

  @Test
  void newReadersQueueBehindAWaitingWriter() {
    read.lock();
    Task<Boolean> writer = Task.parked(() -> use(write));
    Task<Boolean> late = Task.parked(() -> use(read));
    assertThat(freeElsewhere(read)).isFalse();
    Await.holds("queue", SHORT, () -> !writer.isDone() && !late.isDone());
    read.unlock();
    writer.result();
    late.result();
  }

  @Test
  void newReadersQueueBehindAWaitingRemoteWriter() {
    read.lock();
    Task<Boolean> writer = Task.parked(() -> use(remoteWrite));
    Await.waiters(node, "rw", 1);
    Task<Boolean> late = Task.parked(() -> use(read));
    Task<Boolean> remoteLate = Task.parked(() -> use(remoteRead));
    Await.holds("queue", SHORT, () -> !writer.isDone() && !late.isDone() && !remoteLate.isDone());
    read.unlock();
    writer.result();
    late.result();
    remoteLate.result();
  }

  @Test
  void afterAWriterAllWaitingReadersEnterTogether() {
    write.lock();
    int readers = 4;
    CountDownLatch together = new CountDownLatch(readers);
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < readers; i++) {
      Lock side = i % 2 == 0 ? read : remoteRead;
      tasks.add(Task.parked(() -> meet(side, together)));
    }
    write.unlock();
    tasks.forEach(Task::result);
    assertAllFree();
  }

  private static void meet(Lock side, CountDownLatch together) {
    side.lock();
    try {
      together.countDown();
      Await.latch(together);
    } finally {
      side.unlock();
    }
  }

  @Test
  void afterAWriterWaitingReadersEnterPastAWaitingWriter() {
    write.lock();
    CountDownLatch together = new CountDownLatch(2);
    Task<Boolean> before = Task.parked(() -> meet(read, together));
    Task<Boolean> writer = Task.parked(() -> use(write));
    Task<Boolean> behind = Task.parked(() -> meet(read, together));
    write.unlock();
    before.result();
    behind.result();
    writer.result();
  }

  @Test
  void afterARemoteWriterWaitingReadersEnterPastAWaitingWriter() {
    remoteWrite.lock();
    CountDownLatch together = new CountDownLatch(2);
    Task<Boolean> writer = Task.parked(() -> use(write));
    Task<Boolean> first = Task.parked(() -> meet(read, together));
    Task<Boolean> second = Task.parked(() -> meet(read, together));
    remoteWrite.unlock();
    first.result();
    second.result();
    writer.result();
  }

  @Test
  void aWriterThatGivesUpLetsReadersIn() {
    read.lock();
    Task<Boolean> writer =
        Task.parked(
            () ->
                assertThatThrownBy(write::lockInterruptibly)
                    .isInstanceOf(InterruptedException.class));
    Task<Boolean> late = Task.parked(() -> use(read));
    writer.interrupt();
    writer.result();
    late.result();
    read.unlock();
    assertAllFree();
  }

  @Test
  void aRemoteWriterThatGivesUpLetsReadersIn() {
    read.lock();
    Task<Boolean> writer =
        Task.parked(
            () ->
                assertThatThrownBy(remoteWrite::lockInterruptibly)
                    .isInstanceOf(InterruptedException.class));
    Await.waiters(node, "rw", 1);
    Task<Boolean> late = Task.parked(() -> use(read));
    Task<Boolean> remoteLate = Task.parked(() -> use(remoteRead));
    writer.interrupt();
    writer.result();
    late.result();
    remoteLate.result();
    read.unlock();
    assertAllFree();
  }

  // ---------------------------------------------------------------- interrupts and timeouts

  @Test
  void waitsAreInterruptible() {
    write.lock();
    for (Lock side : List.of(read, write, remoteRead, remoteWrite)) {
      Task<Boolean> blunt =
          Task.parked(
              () ->
                  assertThatThrownBy(side::lockInterruptibly)
                      .isInstanceOf(InterruptedException.class));
      Task<Boolean> timed =
          Task.parked(
              () ->
                  assertThatThrownBy(() -> side.tryLock(1, TimeUnit.HOURS))
                      .isInstanceOf(InterruptedException.class));
      blunt.interrupt();
      timed.interrupt();
      blunt.result();
      timed.result();
    }
    write.unlock();
    assertAllFree();
  }

  @Test
  void interruptedThreadsAreRefusedByWhatIsInterruptible() {
    for (Lock side : List.of(read, write)) {
      Task.run(
              () -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(side::lockInterruptibly)
                    .isInstanceOf(InterruptedException.class);
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> side.tryLock(1, TimeUnit.SECONDS))
                    .isInstanceOf(InterruptedException.class);
                assertThat(Thread.currentThread().isInterrupted()).isFalse();
              })
          .result();
    }
    assertAllFree();
  }

  @Test
  void lockIsDeafToInterruptsAndKeepsTheStatus() {
    write.lock();
    for (Lock side : List.of(read, write)) {
      Task<Boolean> waiter =
          Task.start(
              () -> {
                side.lock();
                side.unlock();
                return Thread.currentThread().isInterrupted();
              });
      waiter.awaitParked();
      waiter.interrupt();
      Await.holds("waits", SHORT, () -> !waiter.isDone());
      write.unlock();
      assertThat(waiter.result()).isTrue();
      write.lock();
    }
    write.unlock();
  }

  @Test
  void timedWaitsEndInTimeAndLeaveNothing() {
    write.lock();
    for (Lock side : List.of(read, write, remoteRead, remoteWrite)) {
      Task.run(
              () -> {
                long start = System.nanoTime();
                assertThat(side.tryLock(SHORT.toMillis(), TimeUnit.MILLISECONDS)).isFalse();
                assertThat(Await.since(start)).isGreaterThanOrEqualTo(SHORT);
                assertThat(side.tryLock(0, TimeUnit.MILLISECONDS)).isFalse();
                assertThat(side.tryLock(Long.MIN_VALUE, TimeUnit.DAYS)).isFalse();
              })
          .result();
    }
    Await.waiters(node, "rw", 0);
    write.unlock();
    assertAllFree();
  }

  @Test
  void timedWaitsSucceedInTime() {
    for (Lock side : List.of(read, write, remoteRead, remoteWrite)) {
      write.lock();
      Task<Boolean> waiter =
          Task.parked(
              () -> {
                assertThat(side.tryLock(Long.MAX_VALUE, TimeUnit.DAYS)).isTrue();
                side.unlock();
              });
      write.unlock();
      waiter.result();
    }
    assertAllFree();
  }

  @Test
  void triesKeepTheInterruptStatus() {
    for (Lock side : List.of(read, write)) {
      Task.run(
              () -> {
                Thread.currentThread().interrupt();
                assertThat(side.tryLock()).isTrue();
                side.unlock();
                assertThat(Thread.currentThread().isInterrupted()).isTrue();
              })
          .result();
    }
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

  // ---------------------------------------------------------------- many threads

  @Test
  void writersAreNotStarvedByReaders() {
    AtomicInteger reading = new AtomicInteger(3);
    List<Task<Boolean>> readers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Lock side = i == 0 ? remoteRead : read;
      readers.add(
          Task.run(
              () -> {
                while (reading.get() > 0) {
                  use(side);
                }
              }));
    }
    for (int i = 0; i < 20; i++) {
      use(i % 2 == 0 ? write : remoteWrite);
    }
    reading.set(0);
    readers.forEach(Task::result);
    assertAllFree();
  }

  @Test
  void readersAreNotStarvedByWriters() {
    AtomicInteger writing = new AtomicInteger(3);
    List<Task<Boolean>> writers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Lock side = i == 0 ? remoteWrite : write;
      writers.add(
          Task.run(
              () -> {
                while (writing.get() > 0) {
                  use(side);
                }
              }));
    }
    for (int i = 0; i < 20; i++) {
      use(i % 2 == 0 ? read : remoteRead);
    }
    writing.set(0);
    writers.forEach(Task::result);
    assertAllFree();
  }
}
