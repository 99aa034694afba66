package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import io.holdfast.tck.ServerCertificate;
import io.holdfast.tck.ServerProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Users and access lists. */
@Execution(ExecutionMode.CONCURRENT)
class AccessTest {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static String uri(String path) {
    return "zookeeper://127.0.0.1:" + server.port() + path;
  }

  @Test
  void nodesBelongToTheUserOfTheUri() {
    String owned = uri("/owned?auth=digest:me:top%3Asecret");
    try (TestStore one = TestStore.open(owned, "space");
        TestStore two = TestStore.open(owned, "space")) {
      long session = one.session(Duration.ofSeconds(10), name -> {});
      long version = one.write("a", 0, "1", session).current().version();
      assertThat(two.write("a", version, "2").written()).isTrue();
      assertThat(two.dead(session)).isEmpty();
      TestStore.await(one.store.closeSession(session));
      two.eventually("dead", Duration.ofSeconds(5), () -> two.dead(session).contains(session));
      assertThatThrownBy(() -> TestStore.open(uri("/owned?auth=digest:me:wrong"), "space"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("NOAUTH")
          .hasMessageContaining("?auth=")
          .hasMessageNotContaining("secret")
          .hasMessageNotContaining("wrong");
      assertThatThrownBy(() -> TestStore.open(uri("/owned"), "space"))
          .isInstanceOf(EngineUnavailableException.class);
      assertThat(one.store.description().location()).isEqualTo(uri("/owned/space"));
    }
  }

  @Test
  void anExaminationSaysWhatIsUnsafe() {
    try (TestStore store = TestStore.open(uri(""), "examined")) {
      List<Finding> findings = TestStore.await(store.store.examine());
      assertThat(findings)
          .extracting(Finding::subject)
          .containsExactly("ensemble", "session timeout", "leader elections", "access");
      assertThat(findings)
          .extracting(Finding::level)
          .containsExactly(Level.WARNING, Level.FINE, Level.FINE, Level.WARNING);
      assertThat(findings.get(0).text()).contains("single server");
    }
    try (ServerProcess hasty = TestServer.start("maxSessionTimeout=3000");
        TestStore store = TestStore.open("zookeeper://127.0.0.1:" + hasty.port(), "examined")) {
      List<Finding> findings = TestStore.await(store.store.examine());
      assertThat(findings.get(1).level()).isEqualTo(Level.UNSAFE);
      assertThat(findings.get(1).text()).contains("maxSessionTimeout");
    }
  }

  @Test
  void theServerMustShowACertificateThatIsTrusted(@TempDir Path directory) throws Exception {
    ServerCertificate own = ServerCertificate.create(directory, "server");
    ServerCertificate foreign = ServerCertificate.create(directory, "foreign");
    int port = ServerProcess.freePort();
    try (ServerProcess server =
        TestServer.start(
            "secureClientPort=" + port,
            "serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory",
            "ssl.keyStore.location=" + own.keyStore(),
            "ssl.keyStore.password=" + ServerCertificate.PASSWORD,
            "ssl.trustStore.location=" + own.trustStore(),
            "ssl.trustStore.password=" + ServerCertificate.PASSWORD,
            "ssl.clientAuth=none")) {
      assertThat(server.isAlive()).isTrue();
      try (TestStore store = TestStore.open(encrypted(port, own), "tls")) {
        assertThat(store.write("a", 0, "1").written()).isTrue();
      }
      assertThatThrownBy(() -> TestStore.open(encrypted(port, foreign), "tls"))
          .isInstanceOf(EngineUnavailableException.class);
      assertThatThrownBy(() -> TestStore.open("zookeeper://127.0.0.1:" + port, "tls"))
          .isInstanceOf(EngineUnavailableException.class);
    }
  }

  private static String encrypted(int port, ServerCertificate trusted) {
    return "zookeeper://127.0.0.1:"
        + port
        + "?tls=true&trustStore="
        + trusted.trustStore()
        + "&trustStorePassword="
        + ServerCertificate.PASSWORD;
  }
}
