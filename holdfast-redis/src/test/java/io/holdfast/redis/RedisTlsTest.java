package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.tck.ServerCertificate;
import io.holdfast.tck.ServerProcess;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A server that speaks TLS, with a certificate that no authority of this JVM has signed. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(60)
class RedisTlsTest {

  @TempDir private static Path directory;

  private static ServerCertificate own;
  private static ServerProcess server;
  private static int tlsPort;

  /** Takes a lock of its only argument and says so, in a JVM that trusts whom it is told to. */
  static final class Client {
    private Client() {}

    public static void main(String[] arguments) throws InterruptedException {
      try (Holdfast locks = Holdfast.connect(arguments[0]);
          Hold hold = locks.lock("a").acquire()) {
        System.out.println("held with " + hold.token());
      }
    }
  }

  @BeforeAll
  static void start() throws Exception {
    own = ServerCertificate.create(directory, "server");
    tlsPort = ServerProcess.freePort();
    server =
        RedisProcess.settings(
                "--tls-port",
                Integer.toString(tlsPort),
                "--tls-cert-file",
                own.certificate().toString(),
                "--tls-key-file",
                own.key().toString(),
                "--tls-auth-clients",
                "no")
            .start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  private static Holdfast connect(String uri) {
    return Holdfast.builder(uri).connectTimeout(Duration.ofSeconds(10)).connect();
  }

  @Test
  void aServerIsTrustedIfTheJvmTrustsItsCertificate() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djavax.net.ssl.trustStore=" + own.trustStore(),
                "-Djavax.net.ssl.trustStorePassword=" + ServerCertificate.PASSWORD,
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Client.class.getName(),
                "rediss://127.0.0.1:" + tlsPort)
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).contains("held with ");
  }

  @Test
  void otherwiseItIsRefused() {
    assertThatThrownBy(() -> connect("rediss://127.0.0.1:" + tlsPort).close())
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("certification path")
        .hasMessageContaining("trust store");
  }

  @Test
  void unlessNobodyIsToLook() throws Exception {
    try (Holdfast locks = connect("rediss://127.0.0.1:" + tlsPort + "?verifyPeer=NONE");
        Hold hold = locks.lock("b").acquire()) {
      assertThat(hold.isHeld()).isTrue();
    }
  }

  @Test
  void theWrongSchemeIsToldOnBothSides() {
    assertThatThrownBy(() -> connect("redis://127.0.0.1:" + tlsPort).close())
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("TLS (rediss://)");
    assertThatThrownBy(() -> connect("rediss://127.0.0.1:" + server.port()).close())
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("TLS (rediss://)");
  }
}
