package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.redis.RedisLocation.Address;
import io.holdfast.redis.RedisLocation.Kind;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisURI;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisLocationTest {

  private static RedisLocation parse(String uri) {
    return RedisLocation.parse(URI.create(uri));
  }

  private static RedisCredentials credentials(RedisURI uri) {
    return uri.getCredentialsProvider().resolveCredentials().block();
  }

  @Test
  void oneServer() {
    RedisLocation location =
        parse("rediss://app:p%40ss@cache.example:7000/3?clientName=billing&verifyPeer=CA");
    RedisURI uri = location.at(location.seeds().get(0));
    assertThat(uri.getHost()).isEqualTo("cache.example");
    assertThat(uri.getPort()).isEqualTo(7000);
    assertThat(uri.getDatabase()).isEqualTo(3);
    assertThat(uri.isSsl()).isTrue();
    assertThat(uri.getClientName()).isEqualTo("billing");
    assertThat(credentials(uri).getUsername()).isEqualTo("app");
    assertThat(new String(credentials(uri).getPassword())).isEqualTo("p@ss");
    assertThat(location.display()).isEqualTo("rediss://cache.example:7000/3");
  }

  @Test
  void passwordAlone() {
    RedisLocation location = parse("redis://:secret@localhost");
    assertThat(credentials(location.at(location.seeds().get(0))).getUsername()).isNull();
    assertThat(location.seeds()).containsExactly(new Address("localhost", 6379));
  }

  @Test
  void sentinels() {
    for (String uri :
        new String[] {
          "redis-sentinel://app:s3@h1:1,h2,h3:3/2?master=mymaster&sentinelPassword=s4",
          "redis-sentinel://app:s3@h1:1,h2,h3:3/2?sentinelPassword=s4#mymaster",
          "redis-sentinel://app:s3@h1:1,h2,h3:3/2%23mymaster?sentinelPassword=s4"
        }) {
      RedisLocation location = parse(uri);
      assertThat(location.kind()).isEqualTo(Kind.SENTINEL);
      assertThat(location.seeds())
          .containsExactly(new Address("h1", 1), new Address("h2", 26379), new Address("h3", 3));
      RedisURI through = location.throughSentinels(1);
      assertThat(through.getSentinelMasterId()).isEqualTo("mymaster");
      assertThat(through.getDatabase()).isEqualTo(2);
      assertThat(through.getSentinels().get(0).getHost()).isEqualTo("h2");
      assertThat(new String(credentials(through).getPassword())).isEqualTo("s3");
      assertThat(new String(credentials(through.getSentinels().get(2)).getPassword()))
          .isEqualTo("s4");
      assertThat(location.display()).doesNotContain("s3").doesNotContain("s4");
    }
  }

  @Test
  void clusterAndOptions() {
    RedisLocation location =
        parse("redis-cluster://h1,h2:7001?waitReplicas=2&waitTimeout=250ms&allowEviction=true");
    assertThat(location.kind()).isEqualTo(Kind.CLUSTER);
    assertThat(location.options().waitReplicas()).isEqualTo(2);
    assertThat(location.options().waitTimeout()).isEqualTo(Duration.ofMillis(250));
    assertThat(location.options().allowEviction()).isTrue();
    assertThat(location.display()).isEqualTo("redis-cluster://h1:6379,h2:7001");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "redis:localhost",
        "redis://h1,h2",
        "redis://localhost/abc",
        "redis://localhost?waitReplica=1",
        "redis://localhost?waitReplicas=-1",
        "redis://localhost?waitTimeout=10s",
        "redis://localhost?waitTimeout=0s",
        "redis://localhost?verifyPeer=maybe",
        "redis://localhost?allowEviction=yes",
        "redis-sentinel://h1,h2/0",
        "redis-cluster://h1/1",
        "redis-socket:///tmp/redis.sock"
      })
  void impossibleOnesAreRefusedWithRightOnes(String uri) {
    assertThatThrownBy(() -> parse(uri))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("redis://[user:password@]host");
  }

  @Test
  void namesSortAsStringsDo() {
    String[] names = {"a", "z", "\u00e9", "\u20ac", "\uD83D\uDE00", "\uFF5E"};
    for (int i = 1; i < names.length; i++) {
      assertThat(names[i - 1].compareTo(names[i])).isNegative();
      assertThat(
              java.util.Arrays.compareUnsigned(
                  SpaceKeys.name(names[i - 1]), SpaceKeys.name(names[i])))
          .isNegative();
      assertThat(SpaceKeys.name(SpaceKeys.name(names[i]))).isEqualTo(names[i]);
    }
  }

  @Test
  void keysOfASpaceHaveOneTagWhateverItsName() {
    for (String space : new String[] {"a", "}", "{}", "a}b{c", "%7D"}) {
      SpaceKeys keys = new SpaceKeys(space);
      int slot = io.lettuce.core.cluster.SlotHash.getSlot(keys.version());
      assertThat(io.lettuce.core.cluster.SlotHash.getSlot(keys.locks())).isEqualTo(slot);
      assertThat(io.lettuce.core.cluster.SlotHash.getSlot(keys.session(7))).isEqualTo(slot);
    }
    assertThat(new SpaceKeys("}").version()).isNotEqualTo(new SpaceKeys("%7D").version());
  }
}
