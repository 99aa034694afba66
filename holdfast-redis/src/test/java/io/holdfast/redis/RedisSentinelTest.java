package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A primary, a replica and three sentinels. */
@Tag("redis")
@Tag(Layers.CLUSTER)
@Timeout(180)
class RedisSentinelTest {

  /** Longer than all of the test: what is lost is not lost by time. */
  private static final Duration TTL = Duration.ofSeconds(30);

  private final List<ServerProcess> sentinels = new ArrayList<>();
  private ServerProcess primary;
  private ServerProcess replica;

  @BeforeEach
  void start() throws IOException {
    primary = RedisProcess.settings("--repl-diskless-sync-delay", "0").start();
    replica =
        RedisProcess.settings("--replicaof", "127.0.0.1", Integer.toString(primary.port())).start();
    Await.until(
        "the replica is in step",
        () ->
            RedisProcess.ask(replica.port(), "INFO replication").contains("master_link_status:up"));
    for (int i = 0; i < 3; i++) {
      ServerProcess sentinel =
          ServerProcess.program(RedisProcess.program())
              .arguments("{directory}/sentinel.conf", "--sentinel")
              .create();
      sentinels.add(sentinel);
      Files.writeString(
          sentinel.directory().resolve("sentinel.conf"),
          String.join(
              "\n",
              "port " + sentinel.port(),
              "bind 127.0.0.1",
              "dir " + sentinel.directory(),
              "sentinel monitor mymaster 127.0.0.1 " + primary.port() + " 2",
              "sentinel down-after-milliseconds mymaster 1500",
              "sentinel failover-timeout mymaster 5000",
              ""));
      sentinel.start();
    }
    for (ServerProcess sentinel : sentinels) {
      Await.until(
          "the sentinels know one another and the replica",
          () -> {
            String known = RedisProcess.ask(sentinel.port(), "SENTINEL MASTER mymaster");
            return known.contains("num-other-sentinels\n2") && known.contains("num-slaves\n1");
          });
    }
  }

  @AfterEach
  void stop() {
    sentinels.forEach(ServerProcess::close);
    if (replica != null) {
      replica.close();
    }
    if (primary != null) {
      primary.close();
    }
  }

  private Holdfast node(String parameters) {
    String hosts =
        sentinels.stream()
            .map(sentinel -> "127.0.0.1:" + sentinel.port())
            .collect(Collectors.joining(","));
    return Holdfast.builder("redis-sentinel://" + hosts + "/0?master=mymaster" + parameters)
        .ttl(TTL)
        .operationTimeout(Duration.ofSeconds(20))
        .shutdownHook(false)
        .connect();
  }

  @Test
  void S09_whoLosesALockInAFailoverIsTold_andWhoDoesNotKeepsIt() throws Exception {
    try (Holdfast unlucky = node("");
        Holdfast lucky = node("");
        Holdfast next = node("")) {
      Hold kept = lucky.lock("kept").acquire();
      Await.until("all of it is replicated", this::inStep);
      isolateTheReplica();
      Hold lost = unlucky.lock("a").acquire();
      AtomicBoolean told = new AtomicBoolean();
      lost.onLost(loss -> told.set(true));

      primary.kill();

      try (Hold hold = acquire(next, "a")) {
        assertThat(hold.token()).isGreaterThan(lost.token());
      }
      Await.until("the holder is told", told::get);
      assertThat(lost.isHeld()).isFalse();
      assertThat(kept.isHeld()).isTrue();
      assertThat(next.lock("kept").tryAcquire(Duration.ofSeconds(1))).isEmpty();
      kept.close();
      try (Hold hold = next.lock("kept").acquire(Duration.ofSeconds(20))) {
        assertThat(hold.token()).isGreaterThan(kept.token());
      }
    }
  }

  private static Hold acquire(Holdfast node, String name) throws InterruptedException {
    while (true) {
      try {
        return node.lock(name).acquire(Duration.ofSeconds(30));
      } catch (EngineUnavailableException failover) {
        Await.pass(Duration.ofMillis(100));
      }
    }
  }

  /** Stopping it would not do: what is on its way arrives when it goes on. */
  private void isolateTheReplica() throws IOException {
    RedisProcess.ask(primary.port(), "ACL SETUSER default -psync -sync");
    RedisProcess.ask(primary.port(), "CLIENT KILL TYPE replica");
  }

  private boolean inStep() throws IOException {
    String state = RedisProcess.ask(primary.port(), "INFO replication");
    String offset = state.replaceAll("(?s).*master_repl_offset:(\\d+).*", "$1");
    return state.contains("offset=" + offset + ",");
  }

  @Test
  void S09_aLockThatReplicasDoNotHaveIsRefused() throws Exception {
    try (Holdfast node = node("&waitReplicas=1&waitTimeout=300ms")) {
      node.lock("before").acquire().close();
      replica.pause();

      assertThatThrownBy(() -> node.lock("a").acquire(Duration.ofSeconds(2)))
          .isInstanceOfAny(EngineUnavailableException.class, OutcomeUnknownException.class);

      replica.resume();
      Hold hold = acquire(node, "a");
      assertThat(hold.isHeld()).isTrue();
      hold.close();
    }
  }
}
