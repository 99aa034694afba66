package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Who waits for a side of the read-write view, in which order, and how he may give up. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class ClassicReadWriteQueueTest extends ClassicReadWriteFixture {

  ClassicReadWriteQueueTest(Style style) {
    super(style);
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
