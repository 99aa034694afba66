package io.holdfast.etcd;

import static io.holdfast.etcd.Bench.await;
import static io.holdfast.etcd.Bench.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.AuthEnableRequest;
import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthRoleAddRequest;
import io.etcd.jetcd.api.AuthRoleGrantPermissionRequest;
import io.etcd.jetcd.api.AuthUserAddRequest;
import io.etcd.jetcd.api.AuthUserGrantRoleRequest;
import io.etcd.jetcd.api.Permission;
import io.grpc.MethodDescriptor;
import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.etcd.Client.Nature;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerCertificate;
import io.holdfast.tck.ServerProcess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Logins and encryption. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
class SecurityTest {

  private static final String PASSWORD = "s3cret-word";

  @TempDir Path directory;

  private static <Q, A> void admin(ServerProcess server, MethodDescriptor<Q, A> method, Q request) {
    EtcdOptions options = EtcdOptions.of("127.0.0.1:" + server.port());
    try (Bench bench = new Bench();
        Client client = new Client(options, Members.of(options, bench.environment.random()))) {
      await(client.call(method, request, Nature.CHANGE));
    }
  }

  private static void user(ServerProcess server, String name, String role) {
    admin(
        server,
        AuthGrpc.getUserAddMethod(),
        AuthUserAddRequest.newBuilder().setName(name).setPassword(PASSWORD).build());
    admin(
        server,
        AuthGrpc.getUserGrantRoleMethod(),
        AuthUserGrantRoleRequest.newBuilder().setUser(name).setRole(role).build());
  }

  private static void enableLogins(ServerProcess server, String prefix) {
    ByteString key = ByteString.copyFromUtf8(prefix);
    for (String role : new String[] {"root", "locker"}) {
      admin(
          server,
          AuthGrpc.getRoleAddMethod(),
          AuthRoleAddRequest.newBuilder().setName(role).build());
    }
    admin(
        server,
        AuthGrpc.getRoleGrantPermissionMethod(),
        AuthRoleGrantPermissionRequest.newBuilder()
            .setName("locker")
            .setPerm(
                Permission.newBuilder()
                    .setPermType(Permission.Type.READWRITE)
                    .setKey(key)
                    .setRangeEnd(Keys.after(key)))
            .build());
    user(server, "root", "root");
    user(server, "locker", "locker");
    admin(server, AuthGrpc.getAuthEnableMethod(), AuthEnableRequest.getDefaultInstance());
  }

  @Test
  void aLoginOpensWhatItsRoleAllowsAndSurvivesTheLossOfItsToken() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    try (ServerProcess server = EtcdServer.start();
        Bench bench = new Bench()) {
      enableLogins(server, "team/");
      EtcdOptions open = EtcdOptions.of("127.0.0.1:" + server.port()).withRoot("team");
      EtcdRecordStore store = bench.open(open.withLogin("locker", PASSWORD), "locks");
      long session = await(store.openSession(Bench.terms(Duration.ofMinutes(1)), woken::add));
      long version = write(store, "a", 0, "x").current().version();
      assertThat(version).isPositive();

      assertThatThrownBy(() -> bench.open(open, "locks"))
          .as("without a login")
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("no user");
      assertThatThrownBy(() -> bench.open(open.withLogin("locker", "wr0ng"), "locks"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("user locker")
          .hasMessageContaining("check user and password")
          .hasMessageNotContaining("wr0ng");
      assertThatThrownBy(
              () -> bench.open(open.withRoot("other").withLogin("locker", PASSWORD), "locks"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("grant a role")
          .hasMessageNotContaining(PASSWORD);

      // Simple tokens live in the memory of the server.
      server.restart();
      bench.eventually(
          "renewed after the restart",
          () -> {
            try {
              return await(store.renewSession(session));
            } catch (EngineUnavailableException notYet) {
              return false;
            }
          });
      assertThat(write(store, "a", version, "y").written()).isTrue();
      bench.eventually(
          "woken after the restart",
          () -> {
            await(store.wake(Set.of(session), "a"));
            return !woken.isEmpty();
          });
    }
  }

  @Test
  void aKeyThatIsTakenAwayLaterIsARefusal() {
    try (ServerProcess server = EtcdServer.start();
        Bench bench = new Bench()) {
      EtcdOptions options =
          EtcdOptions.of("127.0.0.1:" + server.port()).withLogin("locker", PASSWORD);
      EtcdRecordStore store = bench.open(options, "elsewhere");
      assertThat(write(store, "a", 0, "x").written()).as("while logins are off").isTrue();
      enableLogins(server, "team/");
      assertThatThrownBy(() -> await(store.read("a")))
          .isInstanceOf(LockRefusedException.class)
          .hasMessageContaining("user locker")
          .hasMessageContaining("grant a role");
    }
  }

  @Test
  void theServerMustShowACertificateThatIsTrustedAndTheClientOneToo() throws Exception {
    ServerCertificate own = ServerCertificate.create(directory, "server");
    ServerCertificate foreign = ServerCertificate.create(directory, "foreign");
    String certificate = own.certificate().toString();
    try (ServerProcess server = EtcdServer.startEncrypted(certificate, own.key().toString());
        Bench bench = new Bench()) {
      EtcdOptions options = EtcdOptions.of("127.0.0.1:" + server.port());
      EtcdRecordStore store =
          bench.open(options.withTls(own.certificate(), own.certificate(), own.key()), "tls");
      assertThat(write(store, "a", 0, "x").written()).isTrue();

      assertThatThrownBy(() -> bench.open(options, "tls"))
          .as("without encryption")
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("etcds://");
      assertThatThrownBy(() -> bench.open(options.withTls(), "tls"))
          .as("with the authorities of the JVM")
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("certification path");
      assertThatThrownBy(
              () ->
                  bench.open(
                      options.withTls(own.certificate(), foreign.certificate(), foreign.key()),
                      "tls"))
          .as("as somebody the server does not know")
          .isInstanceOf(EngineUnavailableException.class);
      assertThatThrownBy(() -> bench.open(options.withTls(own.certificate()), "tls"))
          .as("without showing who asks")
          .isInstanceOf(EngineUnavailableException.class);
      assertThatThrownBy(() -> bench.open(options.withTls(directory.resolve("none.pem")), "tls"))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("none.pem")
          .hasMessageContaining("PEM");
    }
  }
}
