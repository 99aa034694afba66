package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.SessionTerms;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Servers with settings that matter, and clients that may not do everything. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
class RedisServerTest {

  private final Environment environment = Environment.system("server-test");
  private ServerProcess server;

  @BeforeEach
  void start() {
    server = RedisProcess.settings().start();
  }

  @AfterEach
  void stop() {
    environment.scheduler().close();
    if (server != null) {
      server.close();
    }
  }

  private String ask(String command) throws IOException {
    return RedisProcess.ask(server.port(), command);
  }

  private Engine open(String uri) {
    return RedisEngine.open(URI.create(uri), "test", environment);
  }

  private List<Finding> findings(String uri) throws Exception {
    Engine engine = open(uri);
    try {
      return engine.examine().toCompletableFuture().get(20, TimeUnit.SECONDS);
    } finally {
      engine.close();
    }
  }

  private String address() {
    return "127.0.0.1:" + server.port();
  }

  @Test
  void aServerThatEvictsIsRefusedUnlessThatIsAccepted() throws Exception {
    ask("CONFIG SET maxmemory 100mb");
    ask("CONFIG SET maxmemory-policy allkeys-lru");
    assertThatThrownBy(() -> open("redis://" + address()))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("allkeys-lru")
        .hasMessageContaining("allowEviction=true");
    assertThat(findings("redis://" + address() + "?allowEviction=true"))
        .anySatisfy(
            finding -> {
              assertThat(finding.subject()).isEqualTo("maxmemory-policy");
              assertThat(finding.level()).isEqualTo(Finding.Level.UNSAFE);
            });
    ask("CONFIG SET maxmemory-policy noeviction");
    assertThat(findings("redis://" + address()))
        .noneMatch(finding -> finding.level() == Finding.Level.UNSAFE);
  }

  @Test
  void F52_nodesThatStartAtOnceOnAnEmptyServerAllGetIn() throws Exception {
    SessionTerms terms = new SessionTerms(Duration.ofMinutes(1), "node", "host", 1);
    int nodes = 12;
    CountDownLatch all = new CountDownLatch(nodes);
    ExecutorService threads = Executors.newFixedThreadPool(nodes);
    try {
      List<Future<Long>> sessions = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        sessions.add(
            threads.submit(
                () -> {
                  all.countDown();
                  all.await();
                  try (RedisRecordStore own =
                      RedisRecordStore.open(
                          RedisLocation.parse(URI.create("redis://" + address())),
                          "test",
                          environment)) {
                    return own.openSession(terms, name -> {})
                        .toCompletableFuture()
                        .get(60, TimeUnit.SECONDS);
                  }
                }));
      }
      Set<Long> different = new HashSet<>();
      for (Future<Long> each : sessions) {
        different.add(each.get(60, TimeUnit.SECONDS));
      }
      assertThat(different).hasSize(nodes);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aUserNeedsLittleAndIsToldWhatIsMissing() throws Exception {
    ask("ACL SETUSER app on >s3cret ~holdfast:* resetchannels &holdfast:* +@all -@dangerous");
    assertThat(findings("redis://app:s3cret@" + address()))
        .anySatisfy(
            finding -> {
              assertThat(finding.subject()).isEqualTo("INFO");
              assertThat(finding.text()).contains("+info");
            });
    ask("ACL SETUSER app +info");
    assertThat(findings("redis://app:s3cret@" + address()))
        .anyMatch(finding -> finding.level() == Finding.Level.UNKNOWN)
        .noneMatch(finding -> finding.level() == Finding.Level.UNSAFE);
    try (Holdfast node = Holdfast.connect("redis://app:s3cret@" + address())) {
      Hold hold = node.lock("a").acquire();
      assertThat(hold.isHeld()).isTrue();
      hold.close();
    }
  }

  @Test
  void secretsAreNotInMessages() throws Exception {
    ask("ACL SETUSER app on >s3cret ~* &* +@all");
    assertThatThrownBy(() -> open("redis://app:wr0ng@" + address()))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("check the user and the password")
        .hasMessageNotContaining("wr0ng");
    Engine engine = open("redis://app:s3cret@" + address());
    assertThat(engine.description().toString()).doesNotContain("s3cret").contains(address());
    engine.close();
  }

  @Test
  void aReplicaIsRefused() throws Exception {
    try (ServerProcess replica =
        RedisProcess.settings("--replicaof", "127.0.0.1", Integer.toString(server.port()))
            .start()) {
      assertThatThrownBy(() -> open(RedisProcess.uri(replica)))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("is a replica");
    }
  }

  @Test
  void nobodyThereIsSaidAtOnce() {
    int port = ServerProcess.freePort();
    assertThatThrownBy(() -> open("redis://127.0.0.1:" + port))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("127.0.0.1:" + port)
        .hasMessageContaining("check that the server runs");
  }

  @Test
  void databasesAreApart() throws Exception {
    try (Holdfast zero = Holdfast.connect("redis://" + address() + "/0");
        Holdfast three = Holdfast.connect("redis://" + address() + "/3");
        Hold here = zero.lock("a").acquire(Duration.ofSeconds(20));
        Hold there = three.lock("a").acquire(Duration.ofSeconds(20))) {
      assertThat(here.isHeld()).isTrue();
      assertThat(there.isHeld()).isTrue();
      assertThat(ask("INFO keyspace")).contains("db3:");
    }
  }

  @Test
  void aServerThatHasForgottenItsScriptsIsToldThemAgain() throws Exception {
    try (Holdfast node = Holdfast.connect("redis://" + address())) {
      node.lock("a").acquire().close();
      ask("SCRIPT FLUSH");
      Hold hold = node.lock("b").acquire(Duration.ofSeconds(20));
      assertThat(hold.isHeld()).isTrue();
      hold.close();
    }
  }

  @Test
  void aServerThatHangsIsLeftAndFoundAgain() throws Exception {
    try (Holdfast node =
        Holdfast.builder("redis://" + address())
            .ttl(Duration.ofSeconds(20))
            .shutdownHook(false)
            .connect()) {
      node.lock("a").acquire().close();
      server.pause();
      assertThatThrownBy(() -> node.lock("b").acquire(Duration.ofSeconds(1)))
          .isInstanceOf(EngineUnavailableException.class);
      server.resume();
      Hold hold = node.lock("b").acquire(Duration.ofSeconds(30));
      assertThat(hold.isHeld()).isTrue();
      hold.close();
    }
  }
}
