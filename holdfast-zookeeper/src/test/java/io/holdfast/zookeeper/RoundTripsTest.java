package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.tck.FaultyProxy;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Round trips, counted by a proxy. ZooKeeper's own pings and the renewals of sessions are round
 * trips too: where some may fall into the count, it has to be right on the average of many.
 */
class RoundTripsTest {

  private static final LockOptions COLD = LockOptions.DEFAULT.retention(LockOptions.Retention.OFF);

  private static ServerProcess server;
  private static FaultyProxy proxy;

  @BeforeAll
  static void start() {
    server = TestServer.start();
    proxy = FaultyProxy.before(server.port());
  }

  @AfterAll
  static void stop() {
    proxy.close();
    server.close();
  }

  private static String uri() {
    return "zookeeper://127.0.0.1:" + proxy.port() + "/counted";
  }

  private static Holdfast node(Duration ttl) {
    return Holdfast.builder(uri()).ttl(ttl).connect();
  }

  private static long count(String what, Runnable work) {
    proxy.resetCounts();
    work.run();
    long trips = proxy.roundTrips();
    System.out.println("round trips: " + what + ": " + trips);
    return trips;
  }

  @Test
  void aWriteAndADeletionTakeOneEach() {
    int rounds = 200;
    try (TestStore store = TestStore.open(uri(), "writes")) {
      long trips =
          count(
              rounds + " times make, replace, delete",
              () -> {
                for (int i = 0; i < rounds; i++) {
                  Stored made = store.write("a", 0, "1", 7L).current();
                  Stored replaced = store.write("a", made.version(), "2", 7L, 8L).current();
                  store.write("a", replaced.version(), null, 7L);
                }
              });
      assertThat(trips).isBetween(3L * rounds, 3L * rounds + 20);
    }
  }

  @Test
  void aLostRaceTakesOneMore() {
    int rounds = 100;
    try (TestStore store = TestStore.open(uri(), "races")) {
      store.write("a", 0, "1");
      long trips =
          count(
              rounds + " lost races",
              () -> {
                for (int i = 0; i < rounds; i++) {
                  assertThat(store.write("a", 0, "2").written()).isFalse();
                }
              });
      assertThat(trips).isBetween(2L * rounds, 2L * rounds + 20);
    }
  }

  @Test
  void anAcquireAndAReleaseTakeOneEach() {
    int rounds = 200;
    try (Holdfast node = node(Duration.ofMinutes(5))) {
      long trips =
          count(
              rounds + " cold acquires and releases",
              () -> {
                for (int i = 0; i < rounds; i++) {
                  acquire(node.lock("n" + i, COLD)).release();
                }
              });
      // A release may still be on its way when the next acquire is sent: then both are one.
      assertThat(trips).isBetween((long) rounds, 2L * rounds + 20);
    }
  }

  @Test
  void aRetainedLockTakesNone() {
    try (Holdfast node = node(Duration.ofMinutes(5))) {
      DistributedLock lock = node.lock("retained");
      for (int i = 0; i < 10; i++) {
        acquire(lock).close();
      }
      long trips =
          count(
              "10000 acquires and releases of a retained lock",
              () -> {
                for (int i = 0; i < 10_000; i++) {
                  acquire(lock).close();
                }
              });
      assertThat(trips).isLessThan(10);
    }
  }

  @Test
  void aThousandsHeldLocksAreRenewedByOne() {
    int locks = 10_000;
    Duration ttl = Duration.ofSeconds(6);
    try (Holdfast node = node(ttl)) {
      List<CompletableFuture<Hold>> asked = new ArrayList<>();
      for (int i = 0; i < locks; i++) {
        // One owner of many, who waited for long on a busy machine, would have that reported.
        String name = "held/" + i;
        asked.add(node.lock(name).acquireAsync(Owner.of(name)).toCompletableFuture());
      }
      List<Hold> holds =
          asked.stream().map(each -> each.orTimeout(60, TimeUnit.SECONDS).join()).toList();
      // Three or four renewals, and the pings of two connections. Whatever a busy machine causes
      // besides does not recur.
      long trips = Long.MAX_VALUE;
      for (int lease = 0; lease < 5 && trips > 20; lease++) {
        trips = count(locks + " held locks for a TTL", () -> pass(ttl));
      }
      assertThat(holds).allMatch(Hold::isHeld);
      assertThat(trips).isBetween(2L, 20L);
    }
  }

  private static void pass(Duration time) {
    Environment.Ticker ticker = Environment.system("round-trips").ticker();
    long deadline = ticker.nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = deadline - ticker.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  private static Hold acquire(DistributedLock lock) {
    try {
      return lock.acquire();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }
}
