package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.Owner;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.tck.FaultyProxy;
import io.holdfast.tck.FaultyProxy.Direction;
import io.holdfast.tck.Layers;
import io.holdfast.tck.Pace;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Connections that break and servers that are killed. */
@Tag("zookeeper")
@Tag(Layers.FAULTS)
class OutagesTest {

  private static final Duration SOON = Duration.ofSeconds(30);

  private ServerProcess server;
  private FaultyProxy proxy;

  @BeforeEach
  void start() {
    server = TestServer.start();
    proxy = FaultyProxy.before(server.port());
  }

  @AfterEach
  void stop() {
    proxy.close();
    server.close();
  }

  private String uri() {
    return "zookeeper://127.0.0.1:" + proxy.port();
  }

  @Test
  void anUnansweredChangeIsUnknownAndAnUnansweredReadIsNothing() {
    try (TestStore store = TestStore.open(uri(), "space")) {
      proxy.drop(Direction.TO_CLIENT);
      CompletionStage<?> write =
          store.store.compareAndSet(new Write("a", 0, new byte[] {1}, Set.of()));
      CompletionStage<?> read = store.store.read("b");
      store.eventually("at the server", SOON, () -> present("a"));
      proxy.cut();
      assertThatThrownBy(() -> TestStore.await(write))
          .isInstanceOf(OutcomeUnknownException.class)
          .hasMessageContaining("send the same command again");
      assertThatThrownBy(() -> TestStore.await(read))
          .isInstanceOf(EngineUnavailableException.class);
      proxy.heal();
      store.eventually("a connection again", SOON, () -> works(store));
    }
  }

  private boolean present(String name) {
    try (TestStore direct = TestStore.open("zookeeper://127.0.0.1:" + server.port(), "space")) {
      return TestStore.await(direct.store.read(name)).bytes() != null;
    }
  }

  private static boolean works(TestStore store) {
    try {
      TestStore.await(store.store.read("any"));
      return true;
    } catch (RuntimeException notYet) {
      return false;
    }
  }

  private static boolean knowsThatItHasNoConnection(TestStore store) {
    try {
      TestStore.await(store.store.read("any"));
      return false;
    } catch (EngineUnavailableException told) {
      return told.getMessage().contains("no connection");
    }
  }

  @Test
  void withoutAConnectionCallsFailAtOnceAndNothingIsSentLater() {
    try (TestStore store = TestStore.open(uri(), "space")) {
      proxy.refuse();
      store.eventually("no connection", SOON, () -> knowsThatItHasNoConnection(store));
      long begun = store.nanoTime();
      assertThatThrownBy(() -> store.write("a", 0, "1"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining(uri())
          .hasMessageContaining("retry");
      assertThat(Duration.ofNanos(store.nanoTime() - begun))
          .isLessThan(Pace.stretch(Duration.ofSeconds(2)));
      proxy.heal();
      store.eventually("a connection again", SOON, () -> works(store));
      assertThat(TestStore.await(store.store.read("a"))).isEqualTo(Stored.ABSENT);
    }
  }

  @Test
  void nobodyThereIsToldWithinSeconds() {
    proxy.refuse();
    assertThatThrownBy(() -> TestStore.open(uri() + "/app?auth=digest:me:secret", "space"))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining(uri() + "/app")
        .hasMessageContaining("check the servers")
        .hasMessageNotContaining("secret");
  }

  /** Also with nobody to answer, who closes gets on. */
  @Test
  void aCloseDoesNotWaitForADeadServer() {
    TestStore store = TestStore.open(uri(), "space");
    store.session(Duration.ofSeconds(10), name -> {});
    proxy.stall();
    long begun = store.nanoTime();
    store.close();
    assertThat(Duration.ofNanos(store.nanoTime() - begun))
        .isLessThan(Pace.stretch(Duration.ofSeconds(4)));
  }

  @Test
  void holdsAndTokensSurviveTheKillOfTheServer() throws Exception {
    try (Holdfast node = Holdfast.builder(uri()).ttl(Duration.ofSeconds(20)).connect();
        Hold hold = node.lock("a").acquire()) {
      CompletableFuture<Hold> next;
      try (Holdfast other = Holdfast.builder(uri()).ttl(Duration.ofSeconds(20)).connect()) {
        next = other.lock("a").acquireAsync(Owner.of("next")).toCompletableFuture();
        server.kill();
        server.start();
        try (Hold fresh = node.lock("b").acquire(SOON)) {
          assertThat(fresh.token()).isGreaterThan(hold.token());
        }
        assertThat(hold.isHeld()).isTrue();
        assertThat(next).isNotDone();
        long token = hold.token();
        hold.release();
        assertThat(next.orTimeout(30, TimeUnit.SECONDS).join().token()).isGreaterThan(token);
      }
    }
  }
}
