package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.Layers;
import io.lettuce.core.cluster.SlotHash;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rules on a cluster of three primaries. */
@Tag("redis")
@Tag(Layers.CLUSTER)
class RedisClusterKitTest extends EngineKit {

  private static ClusterProcesses cluster;

  @BeforeAll
  static void start() throws IOException {
    cluster = ClusterProcesses.start();
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return RedisEngine.open(URI.create(cluster.uri()), space, environment);
  }

  /** The rules are the same; a third of the work shows that the way to them is. */
  @Override
  protected int scaled(int full) {
    return Math.max(2, full / 3);
  }

  @Test
  void locksAreKeptWhileTheirSlotMoves() throws Exception {
    String space = "moving";
    try (Holdfast holder = node(space);
        Holdfast other = node(space)) {
      Hold hold = holder.lock("a").acquire();
      int slot = SlotHash.getSlot(new SpaceKeys(space).version());

      cluster.move(slot);

      other.lock("b").acquire(Duration.ofSeconds(20)).close();
      assertThat(other.lock("a").tryAcquire(Duration.ofSeconds(2))).isEmpty();
      assertThat(hold.isHeld()).isTrue();
      hold.close();
      try (Hold next = other.lock("a").acquire(Duration.ofSeconds(20))) {
        assertThat(next.token()).isGreaterThan(hold.token());
      }
    }
  }

  private static Holdfast node(String space) {
    return Holdfast.builder(cluster.uri())
        .space(space)
        .ttl(Duration.ofSeconds(30))
        .operationTimeout(Duration.ofSeconds(20))
        .shutdownHook(false)
        .connect();
  }
}
