package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import io.holdfast.engine.Finding;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Three servers, of which one or two are killed. */
@Tag("zookeeper")
@Tag(Layers.CLUSTER)
class EnsembleTest {

  private static final Duration TTL = Duration.ofSeconds(20);
  private static final Duration SOON = Duration.ofSeconds(60);

  private static TestEnsemble ensemble;

  @BeforeAll
  static void start() {
    ensemble = new TestEnsemble();
  }

  @AfterAll
  static void stop() {
    ensemble.close();
  }

  private Holdfast node() {
    return Holdfast.builder(ensemble.uri()).ttl(TTL).connect();
  }

  @Test
  void aLostLeaderCostsNoHoldAndNoOrder() throws Exception {
    try (Holdfast one = node();
        Holdfast two = node();
        Hold hold = one.lock("a").acquire()) {
      CompletableFuture<Hold> next =
          two.lock("a").acquireAsync(Owner.of("next")).toCompletableFuture();
      for (int round = 0; round < 2; round++) {
        ServerProcess leader = ensemble.leader();
        leader.kill();
        try (Hold fresh = one.lock("b" + round).acquire(SOON)) {
          assertThat(fresh.token()).isGreaterThan(hold.token());
          assertThat(fresh.token() >>> 44).as("epoch").isGreaterThan(hold.token() >>> 44);
        }
        assertThat(hold.isHeld()).isTrue();
        assertThat(next).isNotDone();
        leader.start();
      }
      long token = hold.token();
      hold.release();
      assertThat(next.orTimeout(60, TimeUnit.SECONDS).join().token()).isGreaterThan(token);
    }
  }

  @Test
  void withoutAQuorumNothingIsGrantedAndNothingLost() throws Exception {
    try (TestStore store = TestStore.open(ensemble.uri(), "quorum");
        Holdfast node = node()) {
      long session = store.session(TTL, name -> {});
      long version = store.write("a", 0, "1").current().version();
      ensemble.server(0).kill();
      ensemble.server(1).kill();
      assertThatThrownBy(() -> node.lock("b").acquire(Duration.ofSeconds(2)))
          .isInstanceOf(EngineUnavailableException.class);
      ensemble.server(0).start();
      store.eventually("a quorum again", SOON, () -> renewed(store, session));
      store.eventually("all connections again", SOON, () -> reads(store));
      assertThat(TestStore.await(store.store.read("a")).version()).isEqualTo(version);
      assertThat(store.write("a", version, "2").current().version()).isGreaterThan(version);
      node.lock("b").acquire(SOON).close();
    } finally {
      ensemble.startAll();
    }
  }

  private static boolean renewed(TestStore store, long session) {
    try {
      return TestStore.await(store.store.renewSession(session));
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  private static boolean reads(TestStore store) {
    try {
      TestStore.await(store.store.read("a"));
      return true;
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  @Test
  void anExaminationFindsThreeVoters() {
    try (TestStore store = TestStore.open(ensemble.uri(), "examined")) {
      List<Finding> findings = TestStore.await(store.store.examine());
      assertThat(findings).extracting(Finding::level).doesNotContain(Finding.Level.UNSAFE);
      assertThat(findings.get(0).level()).isEqualTo(Finding.Level.FINE);
      assertThat(findings.get(0).text()).contains("3 voters");
    }
  }
}
