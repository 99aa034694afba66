package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DeadlockException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.LockOptions.Fairness;
import io.holdfast.LockOptions.Retention;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * SPEC.md, 14.5: rings of random size and random locks, one after the other. {@code
 * -Dholdfast.rings=1000} has a thousand of them.
 */
interface RingScenarios {

  /** How a lock of a ring is held by its owner, and wanted by the one before. */
  enum Link {
    MUTEX,
    STRICT_MUTEX,
    UNRETAINED_MUTEX,
    READ_THEN_WRITE,
    WRITE_THEN_READ,
    WRITE_THEN_WRITE,
    STRICT_READ_THEN_WRITE,
    /** All permits of a semaphore are held, and one is wanted. */
    PERMITS;

    Hold hold(Holdfast node, String name) throws InterruptedException {
      return switch (this) {
        case READ_THEN_WRITE, STRICT_READ_THEN_WRITE ->
            node.readWriteLock(name, options()).readLock().acquire();
        case WRITE_THEN_READ, WRITE_THEN_WRITE ->
            node.readWriteLock(name, options()).writeLock().acquire();
        case PERMITS -> node.semaphore(name, 3, options()).acquire(3);
        default -> node.lock(name, options()).acquire();
      };
    }

    Hold want(Holdfast node, String name) throws InterruptedException {
      return switch (this) {
        case READ_THEN_WRITE, WRITE_THEN_WRITE, STRICT_READ_THEN_WRITE ->
            node.readWriteLock(name, options()).writeLock().acquire();
        case WRITE_THEN_READ -> node.readWriteLock(name, options()).readLock().acquire();
        case PERMITS -> node.semaphore(name, 3, options()).acquire();
        default -> node.lock(name, options()).acquire();
      };
    }

    private LockOptions options() {
      LockOptions options = LockOptions.DEFAULT;
      return switch (this) {
        case STRICT_MUTEX, STRICT_READ_THEN_WRITE -> options.fairness(Fairness.STRICT);
        case UNRETAINED_MUTEX -> options.retention(Retention.OFF);
        case PERMITS -> options.followPermits(true);
        default -> options;
      };
    }
  }

  @Test
  @Tag(Layers.NODE)
  @Timeout(value = 30, unit = TimeUnit.MINUTES)
  @ResourceLock(LoadRules.LOAD)
  default void r14_5_ofEveryRingExactlyOneGivesWay(LockLab lab) throws Exception {
    int rings = Integer.getInteger("holdfast.rings", 4);
    List<Holdfast> nodes = List.of(lab.node(), lab.node(), lab.node(), lab.node());
    RandomGenerator random = lab.environment().random();
    List<Long> took = new ArrayList<>();
    int owners = 0;
    for (int ring = 0; ring < rings; ring++) {
      int size = 2 + random.nextInt(25);
      List<Link> links =
          IntStream.range(0, size)
              .mapToObj(i -> Link.values()[random.nextInt(Link.values().length)])
              .toList();
      List<Holdfast> homes =
          IntStream.range(0, size).mapToObj(i -> nodes.get(random.nextInt(nodes.size()))).toList();
      took.add(close(lab, "ring/" + ring + "/", links, homes).toMillis());
      owners += size;
    }
    Collections.sort(took);
    System.out.printf(
        "%s: %d rings of %d owners, found after %d ms (median), %d ms at most%n",
        lab.kit().getClass().getSimpleName(),
        rings,
        owners,
        took.get(rings / 2),
        took.get(rings - 1));
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }

  /** One ring; how long it took from its closing until somebody gave way. */
  private static Duration close(LockLab lab, String prefix, List<Link> links, List<Holdfast> homes)
      throws Exception {
    int size = links.size();
    CountDownLatch everybody = new CountDownLatch(size);
    AtomicLong closedAt = new AtomicLong(Long.MIN_VALUE);
    AtomicLong gaveWayAt = new AtomicLong();
    List<CompletableFuture<Boolean>> owners = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int own = i;
      int next = (i + 1) % size;
      Holdfast home = homes.get(i);
      owners.add(
          lab.inThread(
              () -> {
                try (Hold held = links.get(own).hold(home, prefix + own)) {
                  everybody.countDown();
                  everybody.await();
                  closedAt.accumulateAndGet(lab.nanoTime(), Math::max);
                  try (Hold more = links.get(next).want(home, prefix + next)) {
                    return held.isHeld() && more.isHeld();
                  }
                } catch (DeadlockException gaveWay) {
                  gaveWayAt.set(lab.nanoTime());
                  assertThat(gaveWay.cycle()).hasSize(size);
                  return false;
                }
              }));
    }
    int victims = 0;
    for (CompletableFuture<Boolean> owner : owners) {
      lab.awaitEnd(owner, Duration.ofMinutes(2));
      try {
        victims += owner.get() ? 0 : 1;
      } catch (ExecutionException failed) {
        throw new AssertionError(prefix + " of " + links, failed.getCause());
      }
    }
    assertThat(victims).as("of ring %s of %s", prefix, links).isEqualTo(1);
    return Duration.ofNanos(gaveWayAt.get() - closedAt.get());
  }
}
