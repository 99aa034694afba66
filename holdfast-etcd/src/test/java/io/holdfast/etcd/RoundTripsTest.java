package io.holdfast.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Counts calls where they arrive: at the server. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
class RoundTripsTest {

  private static final Pattern COUNT =
      Pattern.compile("grpc_server_started_total\\{grpc_method=\"(\\w+)\".*} ([0-9.e+]+)");

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = EtcdServer.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static Map<String, Long> counts() {
    try {
      Map<String, Long> counts = new TreeMap<>();
      EtcdServer.get(server, "/metrics")
          .lines()
          .map(COUNT::matcher)
          .filter(Matcher::matches)
          .filter(count -> Double.parseDouble(count.group(2)) > 0)
          .forEach(count -> counts.put(count.group(1), (long) Double.parseDouble(count.group(2))));
      return counts;
    } catch (IOException failure) {
      throw new AssertionError(failure);
    }
  }

  /** What some work has called, without renewals, which come by the clock. */
  private static Map<String, Long> during(Work work) throws Exception {
    Map<String, Long> before = counts();
    work.run();
    Map<String, Long> after = counts();
    before.forEach((method, count) -> after.merge(method, -count, Long::sum));
    after.values().removeIf(count -> count == 0);
    return after;
  }

  private interface Work {
    void run() throws Exception;
  }

  /** A node that renews so rarely that no renewal falls into a short test. */
  private static Holdfast node(String space) {
    return node(space, Duration.ofMinutes(10));
  }

  private static Holdfast node(String space, Duration ttl) {
    HoldfastBuilder builder = Holdfast.builder(EtcdServer.uri(server)).space(space).ttl(ttl);
    return builder.retainFor(Duration.ofMinutes(1)).connect();
  }

  @Test
  void anUncontendedAcquireAndItsReleaseAreOneTransactionEach() throws Exception {
    LockOptions unretained = LockOptions.DEFAULT.retention(LockOptions.Retention.OFF);
    try (Holdfast node = node("single")) {
      node.lock("warm-up").acquire().close();
      for (String name : List.of("a", "b", "a")) {
        DistributedLock lock = node.lock(name, unretained);
        List<Hold> holds = new ArrayList<>();
        assertThat(during(() -> holds.add(lock.acquire()))).isEqualTo(Map.of("Txn", 1L));
        assertThat(during(() -> released(holds.get(0)))).isEqualTo(Map.of("Txn", 1L));
      }
    }
  }

  /** Gives a lock back, and waits until the server knows; the release itself does not wait. */
  private static void released(Hold hold) {
    long before = counts().get("Txn");
    hold.close();
    try (Bench bench = new Bench()) {
      bench.eventually("a transaction", () -> counts().get("Txn") > before);
    }
  }

  @Test
  void aRetainedLockIsAcquiredAgainWithoutACall() throws Exception {
    try (Holdfast node = node("retained")) {
      DistributedLock lock = node.lock("a");
      lock.acquire().close();
      lock.acquire().close();
      Map<String, Long> calls =
          during(
              () -> {
                for (int i = 0; i < 100; i++) {
                  lock.acquire().close();
                }
              });
      assertThat(calls).isEmpty();
    }
  }

  @Test
  void aHandOffIsOneTransactionAndOneRead() throws Exception {
    LockOptions strict = LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT);
    try (Holdfast one = node("hand-off");
        Holdfast other = node("hand-off")) {
      other.lock("warm-up").acquire().close();
      Hold held = acquire(one, strict).join();
      Map<String, Long> fewest = Map.of();
      for (int i = 0; i < 10; i++) {
        CompletableFuture<Hold> waiter = acquire(i % 2 == 0 ? other : one, strict);
        waitUntilQueued(one);
        Hold giving = held;
        Map<String, Long> calls =
            during(
                () -> {
                  giving.close();
                  waiter.join();
                });
        held = waiter.join();
        System.out.println("RoundTripsTest: a hand-off between nodes: " + calls);
        fewest = sum(calls) < sum(fewest) || fewest.isEmpty() ? calls : fewest;
      }
      held.close();
      // The others had a poll of the waiter among them.
      assertThat(fewest).isEqualTo(Map.of("Txn", 1L, "Range", 1L));
    }
  }

  private static CompletableFuture<Hold> acquire(Holdfast node, LockOptions options) {
    return node.lock("a", options).acquireAsync(Owner.of("x")).toCompletableFuture();
  }

  private static long sum(Map<String, Long> calls) {
    return calls.values().stream().mapToLong(Long::longValue).sum();
  }

  private static void waitUntilQueued(Holdfast node) {
    while (node.inspector().explain("a").orElseThrow().waiters().isEmpty()) {
      Thread.onSpinWait();
    }
  }

  /**
   * Each lock has an owner of its own: one who held some while he waited for others, for long
   * because the machine is busy, would have his waits reported. What else a busy machine causes
   * once, an answer that was missed and the like, does not recur in the next interval.
   */
  @Test
  void tenThousandHeldLocksAreKeptByOneKeepAlivePerInterval() throws Exception {
    Duration ttl = Duration.ofSeconds(12);
    Map<String, Long> renewal = Map.of("LeaseKeepAlive", 1L, "Range", 1L);
    try (Holdfast node = node("many", ttl);
        Bench bench = new Bench()) {
      List<Hold> holds = new ArrayList<>();
      for (int group = 0; group < 50; group++) {
        List<CompletionStage<Hold>> acquired = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
          String name = group + "/" + i;
          acquired.add(node.lock(name).acquireAsync(Owner.of(name)));
        }
        acquired.forEach(hold -> holds.add(hold.toCompletableFuture().join()));
      }

      renewed(bench);
      boolean asItShouldBe = false;
      for (int interval = 0; interval < 10 && !asItShouldBe; interval++) {
        long begun = bench.environment.ticker().nanoTime();
        Map<String, Long> calls = during(() -> renewed(bench));
        Duration took = Duration.ofNanos(bench.environment.ticker().nanoTime() - begun);
        System.out.println("RoundTripsTest: 10,000 held locks for " + took + ": " + calls);
        // A renewal is due every third of the lease.
        asItShouldBe = calls.equals(renewal) && took.compareTo(ttl.dividedBy(6)) > 0;
      }
      assertThat(asItShouldBe).as("one renewal in an interval, and nothing else").isTrue();
      assertThat(holds).hasSize(10_000).allMatch(Hold::isHeld);
    }
  }

  /** Waits for a renewal, which is a keep-alive and then a read. */
  private static void renewed(Bench bench) {
    Map<String, Long> before = counts();
    bench.eventually(
        "renewed",
        () -> {
          Map<String, Long> now = counts();
          return more(before, now, "LeaseKeepAlive") && more(before, now, "Range");
        });
  }

  private static boolean more(Map<String, Long> before, Map<String, Long> now, String method) {
    return now.getOrDefault(method, 0L) > before.getOrDefault(method, 0L);
  }
}
