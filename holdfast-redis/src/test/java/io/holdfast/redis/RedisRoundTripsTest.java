package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How many calls it takes, as the server counts them. */
@Timeout(120)
class RedisRoundTripsTest {

  private static final int ROUNDS = 100;

  private ServerProcess server;

  @BeforeEach
  void start() {
    server = RedisProcess.settings().start();
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  private Holdfast node(Duration ttl) {
    return Holdfast.builder(RedisProcess.uri(server)).ttl(ttl).shutdownHook(false).connect();
  }

  private void resetCounts() throws IOException {
    RedisProcess.ask(server.port(), "CONFIG RESETSTAT");
  }

  /** Scripts run, whichever way. */
  private int scripts() throws IOException {
    return calls("evalsha") + calls("eval");
  }

  private int calls(String command) throws IOException {
    Matcher line =
        Pattern.compile("cmdstat_" + command + ":calls=(\\d+)")
            .matcher(RedisProcess.ask(server.port(), "INFO commandstats"));
    return line.find() ? Integer.parseInt(line.group(1)) : 0;
  }

  @Test
  void anUncontendedAcquireIsOneCallAndSoIsTheRelease() throws Exception {
    try (Holdfast node = node(Duration.ofMinutes(10))) {
      LockOptions cold = LockOptions.DEFAULT.retention(LockOptions.Retention.OFF);
      node.lock("warm-up", cold).acquire().close();
      Await.until("the warm-up is over", () -> calls("hdel") > 0);
      resetCounts();

      List<Hold> holds = new ArrayList<>();
      for (int i = 0; i < ROUNDS; i++) {
        holds.add(node.lock("name-" + i, cold).acquire());
      }
      assertThat(scripts()).as("acquires").isEqualTo(ROUNDS);
      // The one look-up in each is the script's own: nothing was read by itself.
      assertThat(calls("hget")).isEqualTo(ROUNDS);

      holds.forEach(Hold::close);
      Await.until("all are released", () -> calls("hdel") == ROUNDS);
      assertThat(scripts()).as("acquires and releases").isEqualTo(2 * ROUNDS);
      assertThat(calls("publish")).as("nobody to wake").isZero();
    }
  }

  @Test
  void aRetainedLockCostsNothing() throws Exception {
    try (Holdfast node = node(Duration.ofMinutes(10))) {
      for (int i = 0; i < 10; i++) {
        node.lock("a").acquire().close();
      }
      resetCounts();
      for (int i = 0; i < ROUNDS; i++) {
        node.lock("a").acquire().close();
      }
      assertThat(scripts()).isZero();
    }
  }

  @Test
  void tenThousandLocksAreRenewedByOneCall() throws Exception {
    try (Holdfast node = node(Duration.ofSeconds(12))) {
      List<CompletableFuture<Hold>> holds = new ArrayList<>();
      for (int i = 0; i < 10_000; i++) {
        // One owner of many, who waited for long on a busy machine, would have that reported.
        String name = "name-" + i;
        holds.add(node.lock(name).acquireAsync(Owner.of(name)).toCompletableFuture());
      }
      for (CompletableFuture<Hold> hold : holds) {
        hold.get(60, TimeUnit.SECONDS);
      }
      assertThat(RedisProcess.ask(server.port(), "HLEN holdfast:{holdfast}:locks"))
          .isEqualTo("10000");
      resetCounts();
      // The first renewal sends its script twice, as the server does not know it yet.
      Await.until("the session was renewed once", () -> calls("pexpire") > 0);
      // Whatever a busy machine causes besides does not recur in the next interval.
      boolean asItShouldBe = false;
      for (int interval = 0; interval < 10 && !asItShouldBe; interval++) {
        resetCounts();
        Duration took = Await.until("the session was renewed", () -> calls("pexpire") > 0);
        // Every third of about 12 s.
        asItShouldBe = scripts() == 1 && took.compareTo(Duration.ofSeconds(2)) > 0;
      }
      assertThat(asItShouldBe).as("one renewal in an interval, and nothing else").isTrue();
      assertThat(holds).allMatch(hold -> hold.join().isHeld());
    }
  }
}
