package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import io.holdfast.engine.Finding;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Three servers, of which one or two are killed. */
class EnsembleTest {

  private static final Duration TTL = Duration.ofSeconds(20);
  private static final Duration SOON = Duration.ofSeconds(60);

  private static final List<ServerProcess> SERVERS = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    List<String> members = new ArrayList<>();
    for (int i = 1; i <= 3; i++) {
      ServerProcess server = TestServer.create();
      SERVERS.add(server);
      members.add(
          "server."
              + i
              + "=127.0.0.1:"
              + ServerProcess.freePort()
              + ":"
              + ServerProcess.freePort()
              + ";127.0.0.1:"
              + server.port());
    }
    for (int i = 1; i <= 3; i++) {
      ServerProcess server = SERVERS.get(i - 1);
      List<String> settings = new ArrayList<>(members);
      settings.addAll(List.of("initLimit=25", "syncLimit=10"));
      TestServer.configure(server, settings);
      Files.writeString(server.directory().resolve("data/myid"), Integer.toString(i));
    }
    startAll();
  }

  /** A server alone has no quorum, and is ready only with another one. */
  private static void startAll() {
    List<CompletableFuture<Void>> starts =
        SERVERS.stream()
            .filter(server -> !server.isAlive())
            .map(
                server ->
                    CompletableFuture.runAsync(
                        server::start, command -> new Thread(command).start()))
            .toList();
    starts.forEach(CompletableFuture::join);
  }

  @AfterAll
  static void stop() {
    SERVERS.forEach(ServerProcess::close);
  }

  private String uri() {
    return SERVERS.stream()
        .map(server -> "127.0.0.1:" + server.port())
        .collect(Collectors.joining(",", "zookeeper://", "/locks"));
  }

  private ServerProcess leader() {
    for (ServerProcess server : SERVERS) {
      try {
        if (server.isAlive() && TestServer.ask(server, "srvr").contains("Mode: leader")) {
          return server;
        }
      } catch (IOException notThisOne) {
        // Somebody else is.
      }
    }
    throw new AssertionError("nobody leads");
  }

  private Holdfast node() {
    return Holdfast.builder(uri()).ttl(TTL).connect();
  }

  @Test
  void aLostLeaderCostsNoHoldAndNoOrder() throws Exception {
    try (Holdfast one = node();
        Holdfast two = node();
        Hold hold = one.lock("a").acquire()) {
      CompletableFuture<Hold> next =
          two.lock("a").acquireAsync(Owner.of("next")).toCompletableFuture();
      for (int round = 0; round < 2; round++) {
        ServerProcess leader = leader();
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
    try (TestStore store = TestStore.open(uri(), "quorum");
        Holdfast node = node()) {
      long session = store.session(TTL, name -> {});
      long version = store.write("a", 0, "1").current().version();
      SERVERS.get(0).kill();
      SERVERS.get(1).kill();
      assertThatThrownBy(() -> node.lock("b").acquire(Duration.ofSeconds(2)))
          .isInstanceOf(EngineUnavailableException.class);
      SERVERS.get(0).start();
      store.eventually("a quorum again", SOON, () -> renewed(store, session));
      store.eventually("all connections again", SOON, () -> reads(store));
      assertThat(TestStore.await(store.store.read("a")).version()).isEqualTo(version);
      assertThat(store.write("a", version, "2").current().version()).isGreaterThan(version);
      node.lock("b").acquire(SOON).close();
    } finally {
      startAll();
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
    try (TestStore store = TestStore.open(uri(), "examined")) {
      List<Finding> findings = TestStore.await(store.store.examine());
      assertThat(findings).extracting(Finding::level).doesNotContain(Finding.Level.UNSAFE);
      assertThat(findings.get(0).level()).isEqualTo(Finding.Level.FINE);
      assertThat(findings.get(0).text()).contains("3 voters");
    }
  }
}
