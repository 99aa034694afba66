package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DeadlockException;
import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.WaitChain;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * SPEC.md, group 14: circles of waits are found, named and ended; and nothing else is. The search
 * is the node's. What it takes from an engine, the reports of other nodes, is the same for all
 * circles, so a large one, a chain and much waiting without a circle are tested on each engine.
 */
interface DeadlockScenarios {

  /** More than the budget of a second, because other tests run at the same time, and stretched. */
  Duration FOUND_WITHIN = Duration.ofSeconds(5);

  LockOptions FOLLOWED = LockOptions.DEFAULT.followPermits(true);

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void r14_5_oneOfARingOfTwentySixGivesWay(LockLab lab) throws Exception {
    List<Holdfast> nodes = List.of(lab.node(), lab.node(), lab.node(), lab.node());
    int size = 26;
    CountDownLatch everybody = new CountDownLatch(size);
    List<CompletableFuture<Boolean>> owners = new ArrayList<>();
    AtomicLong gaveWayAt = new AtomicLong();
    IntFunction<DistributedLock> lock =
        letter -> nodes.get(letter % nodes.size()).lock(String.valueOf((char) ('A' + letter)));
    for (int i = 0; i < size; i++) {
      DistributedLock own = lock.apply(i);
      Holdfast node = nodes.get(i % nodes.size());
      DistributedLock next = node.lock(lock.apply((i + 1) % size).name());
      owners.add(
          lab.inThread(
              () -> {
                try {
                  return takesBoth(own, next, everybody);
                } catch (DeadlockException gaveWay) {
                  gaveWayAt.set(lab.nanoTime());
                  throw gaveWay;
                }
              }));
    }
    lab.eventually("everybody holds one", () -> everybody.getCount() == 0);
    long closed = lab.nanoTime();
    DeadlockException deadlock = onlyVictim(lab, owners);
    Duration took = Duration.ofNanos(gaveWayAt.get() - closed);
    System.out.println(
        lab.kit().getClass().getSimpleName() + ": ring of 26 found " + took + " after it closed");
    assertThat(took).isLessThan(Pace.stretch(FOUND_WITHIN));
    assertThat(deadlock.cycle()).hasSize(size);
    assertThat(deadlock.cycle().get(0).waitsFor()).isEqualTo(deadlock.cycle().get(1).holds());
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }

  private static boolean takesBoth(DistributedLock own, DistributedLock next, CountDownLatch latch)
      throws InterruptedException {
    try (Hold held = own.acquire()) {
      latch.countDown();
      latch.await();
      try (Hold more = next.acquire()) {
        return held.isHeld() && more.isHeld();
      }
    }
  }

  private static DeadlockException onlyVictim(LockLab lab, List<CompletableFuture<Boolean>> owners)
      throws Exception {
    List<DeadlockException> victims = new ArrayList<>();
    for (CompletableFuture<Boolean> owner : owners) {
      lab.awaitEnd(owner, lab.kit().patience().multipliedBy(3));
      try {
        assertThat(owner.get()).isTrue();
      } catch (ExecutionException failed) {
        assertThat(failed.getCause()).isInstanceOf(DeadlockException.class);
        victims.add((DeadlockException) failed.getCause());
      }
    }
    assertThat(victims).hasSize(1);
    return victims.get(0);
  }

  @Test
  @Tag(Layers.NODE)
  default void r14_5_aRingOfReadersAndWriters(LockLab lab) throws Exception {
    Holdfast a = lab.node();
    Holdfast b = lab.node();
    CountDownLatch both = new CountDownLatch(2);
    DistributedLock read = a.readWriteLock("rw").readLock();
    DistributedLock write = b.readWriteLock("rw").writeLock();
    onlyVictim(
        lab,
        List.of(
            lab.inThread(() -> takesBoth(read, a.lock("x"), both)),
            lab.inThread(() -> takesBoth(b.lock("x"), write, both))));
  }

  /** Every lock in the order of its name: there is no circle, however long they wait. */
  @Test
  @ResourceLock(LoadRules.LOAD)
  default void r14_6_nobodyGivesWayWithoutACircle(LockLab lab) throws Exception {
    List<Holdfast> nodes = List.of(lab.node(), lab.node(), lab.node());
    AtomicInteger timeouts = new AtomicInteger();
    List<CompletableFuture<Boolean>> workers = new ArrayList<>();
    long deadline = lab.nanoTime() + TimeUnit.MILLISECONDS.toNanos(lab.scaled(3_000));
    for (int i = 0; i < 9; i++) {
      Holdfast node = nodes.get(i % nodes.size());
      workers.add(
          lab.inThread(
              () -> {
                RandomGenerator random = lab.environment().random();
                while (lab.nanoTime() - deadline < 0) {
                  climb(lab, node, random, timeouts);
                }
                return true;
              }));
    }
    workers.forEach(worker -> lab.awaitEnd(worker, Duration.ofSeconds(60)));
    workers.forEach(worker -> assertThat(lab.await(worker)).isTrue());
    System.out.println(
        lab.kit().getClass().getSimpleName() + ": no victim among " + timeouts + " timeouts");
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }

  /**
   * Takes some of six locks from the first to the last, and gives up now and then. Whether what was
   * not granted was answered in time (rule 13.8) depends on how busy the engine is.
   */
  private static void climb(
      LockLab lab, Holdfast node, RandomGenerator random, AtomicInteger timeouts)
      throws InterruptedException {
    List<Hold> held = new ArrayList<>();
    try {
      for (int step = random.nextInt(3); step < 6; step += 1 + random.nextInt(3)) {
        Duration patience = Duration.ofMillis(1 + random.nextInt(400));
        Optional<Hold> next = node.lock("step/" + step).tryAcquire(patience);
        if (next.isEmpty()) {
          timeouts.incrementAndGet();
          return;
        }
        held.add(next.get());
      }
      lab.pass(Duration.ofMillis(random.nextInt(30)));
    } catch (EngineUnavailableException notAnsweredInTime) {
      timeouts.incrementAndGet();
    } finally {
      held.forEach(Hold::close);
    }
  }

  /** Two locks each, in any order, until everybody has had his turns. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(LoadRules.LOAD)
  default void r14_5_everybodyGetsOnWhateverTheOrder(LockLab lab) throws Exception {
    List<Holdfast> nodes = List.of(lab.node(), lab.node());
    AtomicInteger victims = new AtomicInteger();
    List<CompletableFuture<Boolean>> workers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      Holdfast node = nodes.get(i % nodes.size());
      workers.add(lab.inThread(() -> takesTwoOfThree(lab, node, victims)));
    }
    workers.forEach(worker -> lab.awaitEnd(worker, Duration.ofSeconds(90)));
    workers.forEach(worker -> assertThat(lab.await(worker)).isTrue());
    System.out.println(lab.kit().getClass().getSimpleName() + ": " + victims + " gave way");
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }

  private static boolean takesTwoOfThree(LockLab lab, Holdfast node, AtomicInteger victims)
      throws InterruptedException {
    RandomGenerator random = lab.environment().random();
    for (int turns = 0; turns < 5; ) {
      int first = random.nextInt(3);
      int second = (first + 1 + random.nextInt(2)) % 3;
      try (Hold held = node.lock("any/" + first).acquire()) {
        lab.pass(Duration.ofMillis(2));
        try (Hold more = node.lock("any/" + second).acquire()) {
          assertThat(more.token()).isNotEqualTo(held.token());
          turns++;
        }
      } catch (DeadlockException gaveWay) {
        victims.incrementAndGet();
      }
    }
    return true;
  }

  @Test
  @Tag(Layers.NODE)
  default void r14_7_whoGivesUpBreaksTheCircle(LockLab lab) throws Exception {
    Holdfast a = lab.node();
    Holdfast b = lab.node();
    CountDownLatch both = new CountDownLatch(2);
    CompletableFuture<Boolean> impatient =
        lab.inThread(
            () -> {
              try (Hold held = a.lock("x").acquire()) {
                both.countDown();
                both.await();
                // Over before anybody searches.
                return held.isHeld() && a.lock("y").tryAcquire(Duration.ofMillis(3)).isEmpty();
              }
            });
    CompletableFuture<Boolean> patient =
        lab.inThread(() -> takesBoth(b.lock("y"), b.lock("x"), both));
    assertThat(lab.await(impatient)).isTrue();
    assertThat(lab.await(patient)).isTrue();
  }

  /** The writer waits for a reader, who waits for one who only waits for his turn to read. */
  @Test
  @Tag(Layers.NODE)
  default void r14_8_aReaderThatOnlyWaitsForItsTurnIsLetPast(LockLab lab) throws Exception {
    Holdfast a = lab.node();
    Holdfast b = lab.node();
    CountDownLatch ready = new CountDownLatch(2);
    CountDownLatch writing = new CountDownLatch(1);
    CompletableFuture<Boolean> reader =
        lab.inThread(
            () -> holdsAndWaits(a.readWriteLock("rw").readLock(), ready, writing, a.lock("x")));
    CompletableFuture<Boolean> second =
        lab.inThread(
            () -> holdsAndWaits(b.lock("x"), ready, writing, b.readWriteLock("rw").readLock()));
    lab.eventually("both hold one", () -> ready.getCount() == 0);
    Holdfast c = lab.node();
    CompletableFuture<Boolean> writer =
        lab.inThread(
            () -> {
              try (Hold write = c.readWriteLock("rw").writeLock().acquire()) {
                return write.isHeld();
              }
            });
    lab.eventually("the writer waits", () -> lab.waiting("rw") == 1);
    writing.countDown();
    for (CompletableFuture<Boolean> each : List.of(reader, second, writer)) {
      assertThat(lab.await(each)).isTrue();
    }
  }

  private static boolean holdsAndWaits(
      DistributedLock first, CountDownLatch ready, CountDownLatch go, DistributedLock second)
      throws InterruptedException {
    try (Hold held = first.acquire()) {
      ready.countDown();
      go.await();
      try (Hold more = second.acquire()) {
        return held.isHeld() && more.isHeld();
      }
    }
  }

  /** All permits are held by those who wait for the lock of one who waits for a permit. */
  @Test
  @Tag(Layers.NODE)
  default void r14_9_aDeadlockThroughAllPermitsIsEnded(LockLab lab) throws Exception {
    CountDownLatch everybody = new CountDownLatch(3);
    List<CompletableFuture<Boolean>> owners = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Holdfast node = lab.node();
      owners.add(lab.inThread(() -> takesPermitThen(node, node.lock("x"), everybody)));
    }
    Holdfast last = lab.node();
    owners.add(lab.inThread(() -> takesLockThenPermit(last, everybody)));
    onlyVictim(lab, owners);
  }

  /** One of the permits is held by somebody who runs, so that nobody waits for ever. */
  @Test
  @Tag(Layers.NODE)
  default void r14_9_aPermitThatMayComeBackIsNoDeadlock(LockLab lab) throws Exception {
    CountDownLatch everybody = new CountDownLatch(2);
    Hold running = lab.node().semaphore("permits", 2, FOLLOWED).acquire();
    Holdfast a = lab.node();
    Holdfast b = lab.node();
    List<CompletableFuture<Boolean>> owners =
        List.of(
            lab.inThread(() -> takesPermitThen(a, a.lock("x"), everybody)),
            lab.inThread(() -> takesLockThenPermit(b, everybody)));
    lab.eventually("a waiter for a permit", () -> lab.waiting("permits") == 1);
    lab.pass(Duration.ofSeconds(1));
    assertThat(owners).noneMatch(CompletableFuture::isDone);
    running.close();
    for (CompletableFuture<Boolean> owner : owners) {
      assertThat(lab.await(owner)).isTrue();
    }
  }

  private static boolean takesPermitThen(
      Holdfast node, DistributedLock lock, CountDownLatch everybody) throws InterruptedException {
    try (Hold permit = node.semaphore("permits", 2, FOLLOWED).acquire()) {
      everybody.countDown();
      everybody.await();
      try (Hold more = lock.acquire()) {
        return permit.isHeld() && more.isHeld();
      }
    }
  }

  private static boolean takesLockThenPermit(Holdfast node, CountDownLatch everybody)
      throws InterruptedException {
    try (Hold held = node.lock("x").acquire()) {
      everybody.countDown();
      everybody.await();
      try (Hold permit = node.semaphore("permits", 2, FOLLOWED).acquire()) {
        return held.isHeld() && permit.isHeld();
      }
    }
  }

  @Test
  default void r14_10_theChainIsShownToItsEnd(LockLab lab) throws Exception {
    Hold last = lab.node().lock("c").acquire();
    Holdfast b = lab.node();
    Holdfast a = lab.node();
    CountDownLatch go = new CountDownLatch(1);
    CountDownLatch ready = new CountDownLatch(2);
    CompletableFuture<Boolean> second =
        lab.inThread(() -> holdsAndWaits(b.lock("b"), ready, go, b.lock("c")));
    CompletableFuture<Boolean> first =
        lab.inThread(() -> holdsAndWaits(a.lock("a"), ready, go, a.lock("b")));
    lab.eventually("both hold one", () -> ready.getCount() == 0);
    go.countDown();
    lab.eventually("three links", () -> lab.inspector().waitChain("a").links().size() == 3);
    WaitChain chain = lab.inspector().waitChain("a");
    assertThat(chain.end()).isEqualTo(WaitChain.End.RUNNING);
    assertThat(chain.links()).extracting(WaitChain.Link::holds).containsExactly("a", "b", "c");
    assertThat(chain.links().get(0).party().node()).isEqualTo("node-3");
    last.close();
    assertThat(lab.await(second)).isTrue();
    assertThat(lab.await(first)).isTrue();
  }
}
