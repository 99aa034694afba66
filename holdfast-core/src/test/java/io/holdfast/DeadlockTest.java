package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Circles of waits are found, named and ended, wherever they run. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeadlockTest extends DeadlockFixture {

  /** A wait that is over by then is looked at by nobody. */
  private static final Duration GRACE = Duration.ofMillis(10);

  /** When the last one asked for its second lock, and so closed the ring. */
  private final AtomicLong lastAskedAt = new AtomicLong(System.nanoTime());

  private final AtomicLong gaveWayAt = new AtomicLong(System.nanoTime());

  private CompletableFuture<Void> takesBoth(
      String thread, DistributedLock first, DistributedLock second, CountDownLatch everybody) {
    return start(
        thread,
        () -> {
          try (Hold held = first.acquire()) {
            assertThat(held.isHeld()).isTrue();
            everybody.countDown();
            everybody.await();
            lastAskedAt.accumulateAndGet(System.nanoTime(), Math::max);
            try (Hold more = second.acquire()) {
              assertThat(more.isHeld()).isTrue();
            } catch (DeadlockException gaveWay) {
              gaveWayAt.set(System.nanoTime());
              throw gaveWay;
            }
          }
        });
  }

  @Test
  void twoThreadsOfOneNode() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    takesBoth("left", a.lock("x"), a.lock("y"), both);
    takesBoth("right", a.lock("y"), a.lock("x"), both);
    List<DeadlockException> victims = victims();
    assertThat(victims).hasSize(1);
    assertThat(victims.get(0).cycle()).hasSize(2);
    assertThat(victims.get(0).cycle())
        .extracting(WaitChain.Link::owner)
        .containsExactlyInAnyOrder("left", "right");
    Await.empty(a);
  }

  @Test
  void twoNodes() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    takesBoth("left", a.lock("x"), a.lock("y"), both);
    takesBoth("right", b.lock("y"), b.lock("x"), both);
    List<DeadlockException> victims = victims();
    assertThat(victims).hasSize(1);
    DeadlockException deadlock = victims.get(0);
    assertThat(deadlock.cycle()).hasSize(2);
    WaitChain.Link victim = deadlock.cycle().get(0);
    WaitChain.Link other = deadlock.cycle().get(1);
    assertThat(victim.waitsFor()).isEqualTo(other.holds());
    assertThat(other.waitsFor()).isEqualTo(victim.holds());
    assertThat(victim.wantedAs()).isEqualTo(Mode.EXCLUSIVE);
    assertThat(deadlock)
        .hasMessageContaining("deadlock of 2 owners")
        .hasMessageContaining("left")
        .hasMessageContaining("right")
        .hasMessageContaining("release what it holds, then try again");
    Await.empty(a);
  }

  @Test
  void strictLocksToo() throws Exception {
    LockOptions strict = LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT);
    CountDownLatch both = new CountDownLatch(4);
    takesBoth("left", a.lock("x", strict), a.lock("y", strict), both);
    takesBoth("right", b.lock("y", strict), b.lock("x", strict), both);
    takesBoth("up", a.lock("u", strict), a.lock("v", strict), both);
    takesBoth("down", a.lock("v", strict), a.lock("u", strict), both);
    assertThat(victims()).hasSize(2);
    Await.empty(a);
  }

  @RepeatedTest(5)
  void aRingOfTwentySixNodes() throws Exception {
    int size = 26;
    CountDownLatch everybody = new CountDownLatch(size);
    for (int i = 0; i < size; i++) {
      Holdfast node = nodes.open("node-" + i);
      takesBoth(
          "owner-" + i, node.lock("ring/" + i), node.lock("ring/" + (i + 1) % size), everybody);
    }
    List<DeadlockException> victims = victims();
    Duration found = Duration.ofNanos(gaveWayAt.get() - lastAskedAt.get());
    System.out.println("ring of 26 on memory: found " + found.toMillis() + " ms after it closed");
    assertThat(victims).hasSize(1);
    assertThat(victims.get(0).cycle()).hasSize(size);
    Await.empty(a);
  }

  /** a1 holds x and waits for y; b1 holds y and waits for z; a2 holds z, waits for a1 in a. */
  @Test
  void throughTheLocalQueuesOfBothNodes() throws Exception {
    CountDownLatch everybody = new CountDownLatch(4);
    takesBoth("a1", a.lock("x"), a.lock("y"), everybody);
    takesBoth("b1", b.lock("w"), b.lock("z"), everybody);
    takesBoth("b2", b.lock("y"), b.lock("w"), everybody);
    takesBoth("a2", a.lock("z"), a.lock("x"), everybody);
    List<DeadlockException> victims = victims();
    assertThat(victims).hasSize(1);
    assertThat(victims.get(0).cycle())
        .extracting(WaitChain.Link::owner)
        .containsExactlyInAnyOrder("a1", "b1", "b2", "a2");
    Await.empty(a);
  }

  @Test
  void throughReadersAndWriters() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    takesBoth("reader", a.readWriteLock("rw").readLock(), a.lock("x"), both);
    takesBoth("writer", b.lock("x"), b.readWriteLock("rw").writeLock(), both);
    assertThat(victims()).hasSize(1);
    Await.empty(a);
  }

  /** The writer waits for a reader, who waits for one who only waits for his turn to read. */
  @Test
  void aReaderThatOnlyWaitsForItsTurnIsLetPast() throws Exception {
    CountDownLatch ready = new CountDownLatch(2);
    CountDownLatch writing = new CountDownLatch(1);
    Holdfast c = nodes.open("c");
    start(
        "first reader",
        () -> {
          try (Hold read = a.readWriteLock("rw").readLock().acquire()) {
            assertThat(read.isHeld()).isTrue();
            ready.countDown();
            writing.await();
            a.lock("x").acquire().close();
          }
        });
    start(
        "second reader",
        () -> {
          try (Hold x = b.lock("x").acquire()) {
            assertThat(x.isHeld()).isTrue();
            ready.countDown();
            writing.await();
            b.readWriteLock("rw").readLock().acquire().close();
          }
        });
    ready.await();
    start("writer", () -> c.readWriteLock("rw").writeLock().acquire().close());
    Await.waiters(c, "rw", 1);
    writing.countDown();
    assertThat(victims()).isEmpty();
    Await.empty(a);
  }

  @Test
  void aReaderInsideANodeIsLetPastToo() throws Exception {
    CountDownLatch ready = new CountDownLatch(2);
    CountDownLatch writing = new CountDownLatch(1);
    DistributedReadWriteLock rw = a.readWriteLock("rw");
    start(
        "first reader",
        () -> {
          try (Hold read = rw.readLock().acquire()) {
            assertThat(read.isHeld()).isTrue();
            ready.countDown();
            writing.await();
            a.lock("x").acquire().close();
          }
        });
    start(
        "second reader",
        () -> {
          try (Hold x = a.lock("x").acquire()) {
            assertThat(x.isHeld()).isTrue();
            ready.countDown();
            writing.await();
            rw.readLock().acquire().close();
          }
        });
    ready.await();
    Task<Boolean> writer = Task.parked(() -> rw.writeLock().acquire().close());
    writing.countDown();
    assertThat(victims()).isEmpty();
    writer.result();
    Await.empty(a);
  }

  @Test
  void throughAMultiLock() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    start(
        "all",
        () -> {
          try (Hold m = a.lock("m").acquire()) {
            assertThat(m.isHeld()).isTrue();
            both.countDown();
            both.await();
            a.lockAll("k", "l").acquire().close();
          }
        });
    start(
        "one",
        () -> {
          try (Hold l = b.lock("l").acquire()) {
            assertThat(l.isHeld()).isTrue();
            both.countDown();
            both.await();
            b.lock("m").acquire().close();
          }
        });
    assertThat(victims()).hasSize(1);
    Await.empty(a);
  }

  @Test
  void ownersThatAreNoThreads() {
    Owner left = Owner.of("left");
    Owner right = Owner.of("right");
    Hold x = Await.result(a.lock("x").acquireAsync(left));
    Hold y = Await.result(b.lock("y").acquireAsync(right));
    CompletionStage<Hold> more = a.lock("y").acquireAsync(left);
    CompletionStage<Hold> other = b.lock("x").acquireAsync(right);
    CompletableFuture<?> first =
        CompletableFuture.anyOf(more.toCompletableFuture(), other.toCompletableFuture());
    Await.until("one has given way", first::isDone);
    try {
      first.join();
      throw new AssertionError("nobody gave way");
    } catch (CompletionException failed) {
      assertThat(failed.getCause()).isInstanceOf(DeadlockException.class);
    }
    boolean leftGaveWay = more.toCompletableFuture().isCompletedExceptionally();
    (leftGaveWay ? x : y).close();
    Await.result(leftGaveWay ? other : more).close();
    (leftGaveWay ? y : x).close();
    Await.empty(a);
  }

  /** Where the machine stood still meanwhile, the circle may have stood long enough to be found. */
  @Test
  void whoGivesUpInTimeBreaksTheCircle() throws Exception {
    for (int inTime = 0; inTime < 20; ) {
      inTime += givesUpBeforeAnybodyLooks() ? 1 : 0;
    }
    Await.empty(a);
  }

  private boolean givesUpBeforeAnybodyLooks() throws Exception {
    CountDownLatch held = new CountDownLatch(1);
    CompletableFuture<Void> other;
    boolean foundHere = false;
    Duration took;
    try (Hold x = a.lock("x").acquire()) {
      assertThat(x.isHeld()).isTrue();
      other =
          start(
              "other",
              () -> {
                try (Hold y = b.lock("y").acquire()) {
                  assertThat(y.isHeld()).isTrue();
                  held.countDown();
                  b.lock("x").acquire().close();
                }
              });
      held.await();
      long begun = System.nanoTime();
      try {
        assertThat(a.lock("y").tryAcquire(Duration.ofMillis(4))).isEmpty();
      } catch (DeadlockException found) {
        foundHere = true;
      }
      took = Await.since(begun);
    }
    boolean found = foundHere || gaveWay(other);
    boolean inTime = took.compareTo(GRACE) < 0;
    assertThat(inTime && found).as("found after %s", took).isFalse();
    return inTime;
  }

  private static boolean gaveWay(CompletableFuture<Void> visit) throws Exception {
    try {
      visit.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
      return false;
    } catch (ExecutionException failed) {
      assertThat(failed.getCause()).isInstanceOf(DeadlockException.class);
      return true;
    }
  }

  @Test
  void aThousandWaitersWhoHoldNothingCostNoSearch() throws Exception {
    FaultyEngine engine = nodes.faulty();
    Holdfast waiting = nodes.open(nodes.builder("waiting").engine(engine));
    Hold here = waiting.lock("here").acquire();
    Hold there = a.lock("there").acquire();
    List<CompletionStage<Hold>> waits = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      waits.add(waiting.lock("here").acquireAsync(Owner.of("here-" + i)));
      waits.add(waiting.lock("there").acquireAsync(Owner.of("there-" + i)));
    }
    Await.waiters(a, "there", 1);
    Await.pass(A_WHILE);
    assertThat(engine.looks()).isZero();
    here.close();
    there.close();
    for (CompletionStage<Hold> each : waits) {
      Await.result(each).close();
    }
    assertThat(engine.looks()).isZero();
  }

  @Test
  void anEngineThatHangsHoldsUpNoSearchForEver() throws Exception {
    FaultyEngine engine = nodes.faulty();
    Holdfast c = nodes.open(nodes.builder("c").engine(engine));
    CountDownLatch both = new CountDownLatch(2);
    takesBoth("left", a.lock("x"), a.lock("y"), both);
    engine.someCommands(FaultyEngine.Fault.NONE, command -> false);
    takesBoth("right", c.lock("y"), c.lock("x"), both);
    both.await();
    engine.allCalls(FaultyEngine.Fault.REFUSE);
    Await.pass(A_WHILE);
    engine.heal();
    assertThat(victims()).hasSize(1);
    Await.empty(a);
  }

  @Test
  void aLongChainIsNoCircle() throws Exception {
    int size = 8;
    CountDownLatch held = new CountDownLatch(size);
    Hold last = a.lock("chain/" + size).acquire();
    for (int i = 0; i < size; i++) {
      Holdfast node = nodes.open("node-" + i);
      takesBoth("owner-" + i, node.lock("chain/" + i), node.lock("chain/" + (i + 1)), held);
    }
    held.await();
    Await.until(
        "the whole chain is seen", () -> a.lock("chain/0").waitChain().links().size() == size + 1);
    WaitChain chain = a.lock("chain/0").waitChain();
    assertThat(chain.end()).isEqualTo(WaitChain.End.RUNNING);
    assertThat(chain.cycle()).isEmpty();
    assertThat(chain.links().get(0).owner()).isEqualTo("owner-0");
    assertThat(chain.links().get(0).waitsFor()).isEqualTo("chain/1");
    assertThat(chain.links().get(size).waitsFor()).isNull();
    assertThat(chain.describe(java.time.Instant.now()))
        .contains("chain/0 held by node-0")
        .contains("owner-0, who has waited")
        .contains("for chain/1\nchain/1 held by node-1");
    Await.holds("nobody gives way", A_WHILE, () -> visits.stream().noneMatch(v -> v.isDone()));
    last.close();
    assertThat(victims()).isEmpty();
    assertThat(a.lock("chain/0").waitChain().end()).isIn(WaitChain.End.FREE, WaitChain.End.RUNNING);
  }
}
