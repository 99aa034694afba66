package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.fence.StaleTokenException;
import io.holdfast.tck.ServerProcess;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The guard for data in Redis. */
class RedisFenceTest {

  private static ServerProcess server;
  private static RedisClient client;
  private static StatefulRedisConnection<String, String> connection;

  @BeforeAll
  static void start() {
    server = RedisProcess.settings().start();
    client = RedisClient.create(RedisProcess.uri(server));
    connection = client.connect();
  }

  @AfterAll
  static void stop() {
    if (client != null) {
      client.shutdown();
    }
    if (server != null) {
      server.close();
    }
  }

  /** The example of the documentation. */
  @Test
  void aWriterThatHasLostTheLockIsRefused() throws Exception {
    RedisFence fence = new RedisFence(connection.sync());
    try (Holdfast locks = Holdfast.connect(RedisProcess.uri(server))) {
      Hold paused = locks.lock("stock/42").acquire();
      fence.set("stock:42", "18", paused.token());
      paused.close(); // As if it had been paused beyond its lease.

      try (Hold hold = locks.lock("stock/42").acquire()) {
        fence.set("stock:42", "17", hold.token());
        fence.set("stock:42", "16", hold.token());
      }

      assertThatThrownBy(() -> fence.set("stock:42", "99", paused.token()))
          .isInstanceOf(StaleTokenException.class);
      assertThat(connection.sync().get("stock:42")).isEqualTo("16");
    }
  }

  @Test
  void tokensAreComparedInFull() {
    RedisFence fence = new RedisFence(connection.sync());
    long large = Long.MAX_VALUE - 1;
    assertThat(fence.admits("large", 999)).isTrue();
    assertThat(fence.admits("large", 1000)).isTrue();
    assertThat(fence.admits("large", 999)).isFalse();
    assertThat(fence.admits("large", large)).isTrue();
    // A number of Lua would not tell them apart.
    assertThat(fence.admits("large", large - 1)).isFalse();
    assertThat(fence.admits("large", large)).isTrue();
    assertThat(fence.admits("large", large + 1)).isTrue();
    assertThat(fence.admits("other", 1)).isTrue();
    assertThatThrownBy(() -> fence.admits("large", 0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aFenceIsInTheSlotOfItsData() {
    for (String key : new String[] {"stock:42", "{a}b", "x{a}"}) {
      assertThat(SlotHash.getSlot(RedisFence.fenceOf(key))).isEqualTo(SlotHash.getSlot(key));
    }
  }
}
