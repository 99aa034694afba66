package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * More threads than anybody has processors for, at the locks of three nodes: virtual threads where
 * the JDK has them. Visitors give up, are interrupted and change their minds, and come again until
 * they were served once. Where {@link StressTest} runs a few threads for a time, this runs a number
 * of visits, so that the counts can be exact.
 */
@Isolated("thousands of threads")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CrowdTest {

  private static final int VIRTUAL_VISITORS = 10_000;
  private static final int PLATFORM_VISITORS = 2_000;
  private static final int PLATFORM_THREADS = 200;
  private static final int PLACES = 4;
  private static final int PERMITS = 3;
  private static final int INTERRUPTS = 100;

  /** Seconds on an idle machine; a busy one may need ten times as long. */
  private static final Duration LIMIT = Duration.ofMinutes(4);

  /** Leases are not the question here: a machine that stands still must not end one. */
  private static final Duration TTL = Duration.ofMinutes(8);

  /** One lock of each kind, on three nodes, and what it protects. */
  private final class Place {
    private final String number;
    private final LockOptions options;
    private final AtomicInteger inMutex = new AtomicInteger();
    private final AtomicInteger writers = new AtomicInteger();
    private final AtomicInteger readers = new AtomicInteger();
    private final AtomicInteger permits = new AtomicInteger();

    /** Plain on purpose: exact only if the locks exclude and publish. */
    private int mutexUses;

    private int writes;

    Place(int number) {
      this.number = "/" + number;
      this.options = Style.values()[number % Style.values().length].options();
    }

    void useMutex(int visitor) throws InterruptedException {
      DistributedLock lock = node(visitor).lock("mutex" + number, options);
      try (Hold hold = acquire(lock, visitor)) {
        hold.ensureHeld();
        assertThat(inMutex.incrementAndGet()).isEqualTo(1);
        mutexUses++;
        Thread.yield();
        inMutex.decrementAndGet();
      }
    }

    void useReadWriteLock(int visitor) throws InterruptedException {
      DistributedReadWriteLock lock = node(visitor).readWriteLock("rw" + number, options);
      if (isWriter(visitor)) {
        try (Hold hold = acquire(lock.writeLock(), visitor)) {
          hold.ensureHeld();
          assertThat(writers.incrementAndGet() + readers.get()).isEqualTo(1);
          writes++;
          Thread.yield();
          writers.decrementAndGet();
        }
      } else {
        try (Hold hold = acquire(lock.readLock(), visitor)) {
          hold.ensureHeld();
          readers.incrementAndGet();
          assertThat(writers.get()).isZero();
          Thread.yield();
          readers.decrementAndGet();
        }
      }
    }

    void useSemaphore(int visitor) throws InterruptedException {
      DistributedSemaphore semaphore = node(visitor).semaphore("semaphore" + number, PERMITS);
      try (Hold hold = acquire(semaphore, visitor)) {
        hold.ensureHeld();
        assertThat(permits.incrementAndGet()).isLessThanOrEqualTo(PERMITS);
        Thread.yield();
        permits.decrementAndGet();
      }
    }
  }

  private final Nodes nodes = new Nodes();
  private final List<Holdfast> members = new ArrayList<>();
  private final List<Place> places = new ArrayList<>();
  private final CountDownLatch doors = new CountDownLatch(1);

  /** Who may still be interrupted. */
  private AtomicReferenceArray<Thread> waiting = new AtomicReferenceArray<>(0);

  private AtomicIntegerArray served = new AtomicIntegerArray(0);

  CrowdTest() {
    for (String name : List.of("a", "b", "c")) {
      members.add(nodes.open(nodes.builder(name).ttl(TTL).retainFor(Duration.ofMillis(50))));
    }
    for (int i = 0; i < PLACES; i++) {
      places.add(new Place(i));
    }
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  @Test
  void everyVirtualThreadIsServed() {
    ExecutorService threads = virtualThreads();
    try {
      serve(VIRTUAL_VISITORS, threads);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void everyPlatformThreadIsServed() {
    ExecutorService threads = Executors.newFixedThreadPool(PLATFORM_THREADS);
    try {
      serve(PLATFORM_VISITORS, threads);
    } finally {
      threads.shutdownNow();
    }
  }

  /** One virtual thread per task; platform threads on a JDK that has no others. */
  private static ExecutorService virtualThreads() {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (NoSuchMethodException olderJdk) {
      return Executors.newFixedThreadPool(PLATFORM_THREADS);
    } catch (ReflectiveOperationException broken) {
      throw new AssertionError(broken);
    }
  }

  private void serve(int visitors, ExecutorService threads) {
    waiting = new AtomicReferenceArray<>(visitors);
    served = new AtomicIntegerArray(visitors);
    List<Future<?>> visits = new ArrayList<>();
    for (int i = 0; i < visitors; i++) {
      int visitor = i;
      visits.add(threads.submit(() -> comeUntilServed(visitor)));
    }
    doors.countDown();
    Await.until(
        "everybody was served",
        LIMIT,
        () -> {
          interruptSome();
          return visits.stream().allMatch(Future::isDone);
        });
    visits.forEach(CrowdTest::succeeded);
    for (int i = 0; i < visitors; i++) {
      assertThat(served.get(i)).as("how often visitor %d was served", i).isEqualTo(1);
    }
    assertThat(places.stream().mapToInt(place -> place.mutexUses).sum())
        .isEqualTo(count(visitors, visitor -> kind(visitor) == 0));
    assertThat(places.stream().mapToInt(place -> place.writes).sum())
        .isEqualTo(count(visitors, visitor -> kind(visitor) == 1 && isWriter(visitor)));
    Await.empty(members.get(0));
  }

  private static int count(int visitors, IntPredicate which) {
    return (int) IntStream.range(0, visitors).filter(which).count();
  }

  private static void succeeded(Future<?> visit) {
    try {
      visit.get();
    } catch (ExecutionException failed) {
      throw new AssertionError("a visit failed: " + failed.getCause(), failed.getCause());
    } catch (InterruptedException stopped) {
      throw new AssertionError("interrupted while the visits were looked at", stopped);
    }
  }

  /** Nobody is interrupted twice, or the crowd would do nothing but give up and come again. */
  private void interruptSome() {
    for (int i = 0; i < INTERRUPTS; i++) {
      int visitor = ThreadLocalRandom.current().nextInt(waiting.length());
      Thread somebody = waiting.getAndSet(visitor, null);
      if (somebody != null) {
        somebody.interrupt();
      }
    }
  }

  private @Nullable Void comeUntilServed(int visitor) throws InterruptedException {
    doors.await();
    Place place = places.get(visitor / 3 % PLACES);
    boolean interrupted = false;
    waiting.set(visitor, Thread.currentThread());
    while (served.get(visitor) == 0) {
      try {
        switch (kind(visitor)) {
          case 0 -> place.useMutex(visitor);
          case 1 -> place.useReadWriteLock(visitor);
          default -> place.useSemaphore(visitor);
        }
        served.incrementAndGet(visitor);
      } catch (InterruptedException again) {
        assertThat(again).hasMessageContaining(place.number);
        assertThat(interrupted).as("visitor %d was interrupted before", visitor).isFalse();
        interrupted = true;
      } catch (LockTimeoutException | EngineUnavailableException again) {
        assertThat(again).hasMessageContaining(place.number);
      }
    }
    boolean chosen = waiting.getAndSet(visitor, null) == null;
    if (chosen && !interrupted) {
      // It must come, and must not be left to the thread's next visitor.
      Await.until("the interrupt has come", LIMIT, Thread::interrupted);
    }
    return null;
  }

  private static Hold acquire(DistributedLock lock, int visitor) throws InterruptedException {
    switch (ThreadLocalRandom.current().nextInt(5)) {
      case 0:
        return lock.acquire(Duration.ofMillis(1));
      case 1:
        Optional<Hold> tried = lock.tryAcquire();
        return tried.isPresent() ? tried.get() : lock.acquire();
      case 2:
        cancel(lock.acquireAsync(Owner.of("the changed mind of " + visitor)));
        return lock.acquire();
      default:
        return lock.acquire();
    }
  }

  private static Hold acquire(DistributedSemaphore semaphore, int visitor)
      throws InterruptedException {
    switch (ThreadLocalRandom.current().nextInt(5)) {
      case 0:
        Optional<Hold> tried = semaphore.tryAcquire(Duration.ofMillis(1));
        return tried.isPresent() ? tried.get() : semaphore.acquire();
      case 1:
        cancel(semaphore.acquireAsync(Owner.of("the changed mind of " + visitor), PERMITS));
        return semaphore.acquire(2);
      default:
        return semaphore.acquire();
    }
  }

  private static void cancel(CompletionStage<Hold> stage) {
    CompletableFuture<Hold> hold = stage.toCompletableFuture();
    if (!hold.cancel(false)) {
      hold.join().close();
    }
  }

  // Independent of each other, so that everything meets everything: 3 kinds, 4 places, 3 nodes, and
  // one writer to three readers.

  private static int kind(int visitor) {
    return visitor % 3;
  }

  private Holdfast node(int visitor) {
    return members.get(visitor / (3 * PLACES) % members.size());
  }

  private boolean isWriter(int visitor) {
    return visitor / (3 * PLACES * members.size()) % 4 == 0;
  }
}
