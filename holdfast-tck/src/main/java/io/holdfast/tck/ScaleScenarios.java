package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Scenarios of many names and many threads. */
interface ScaleScenarios {

  /** They queue in the node. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(LoadRules.LOAD)
  default void S08_thousandsOfThreadsShareALock(LockLab lab) throws Exception {
    DistributedLock lock = lab.node().lock("a");
    AtomicInteger inside = new AtomicInteger();
    int[] counter = new int[1];
    Callable<Long> visit =
        () -> {
          try (Hold hold = lock.acquire()) {
            assertThat(inside.incrementAndGet()).isOne();
            counter[0]++;
            inside.decrementAndGet();
            return hold.token();
          }
        };
    boolean virtual = Runtime.version().feature() >= 21;
    int count = virtual ? 10_000 : 300;
    ExecutorService threads = virtual ? virtualThreads() : Executors.newCachedThreadPool();
    try {
      List<Future<Long>> visits = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        visits.add(threads.submit(visit));
      }
      Pace.Deadline deadline = Pace.within(Duration.ofSeconds(60));
      for (Future<Long> each : visits) {
        assertThat(deadline.await(each::isDone)).as("served within %s", deadline).isTrue();
        assertThat(each.get()).isPositive();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(counter[0]).isEqualTo(count);
  }

  /** The kit is compiled for Java 17, which has none. */
  private static ExecutorService virtualThreads() throws ReflectiveOperationException {
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }

  /** Which locks are given back to make room is for the node to choose. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(LoadRules.LOAD)
  default void S21_heldLocksSurviveAnyNumberOfNames(LockLab lab) throws Exception {
    Holdfast node = lab.node(settings -> settings.maxRetained(100));
    List<Hold> held = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      held.add(node.lock("held/" + i).acquire());
    }
    for (int i = 0; i < lab.scaled(20_000); i++) {
      node.lock("passing/" + i).acquire().close();
    }
    held.forEach(Hold::ensureHeld);
    Holdfast other = lab.node();
    for (int i = 0; i < 100; i++) {
      assertThat(other.lock("held/" + i).tryAcquire()).isEmpty();
    }
    held.forEach(hold -> assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED));
  }

  @Test
  default void S21_unrelatedNamesNeverBlockEachOther(LockLab lab) throws Exception {
    Hold blocker = lab.node().lock("blocked").acquire();
    Holdfast node = lab.node();
    List<CompletableFuture<Hold>> blocked = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      blocked.add(lab.inThread(() -> node.lock("blocked").acquire()));
    }
    lab.eventually("a waiter", () -> lab.waiting("blocked") == 1);
    for (int i = 0; i < 100; i++) {
      try (Hold hold = node.lock("free/" + i).acquire(Duration.ofSeconds(5))) {
        hold.ensureHeld();
      }
    }
    blocker.close();
    lab.eventually("a grant", () -> blocked.stream().anyMatch(CompletableFuture::isDone));
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S23_namesUsedOnceLeaveNothingBehind(LockLab lab) throws Exception {
    Holdfast node = lab.node(settings -> settings.retainFor(Duration.ofMillis(200)));
    long token = 0;
    for (int i = 0; i < lab.scaled(10_000); i++) {
      try (Hold hold = node.lock("once/" + i).acquire()) {
        assertThat(hold.token()).isGreaterThan(token);
        token = hold.token();
      }
    }
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
    try (Hold hold = node.lock("once/0").acquire()) {
      assertThat(hold.token()).as("token after everything was deleted").isGreaterThan(token);
    }
  }
}
