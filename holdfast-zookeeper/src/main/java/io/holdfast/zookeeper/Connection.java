package io.holdfast.zookeeper;

import io.holdfast.engine.Environment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.curator.CuratorZookeeperClient;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.state.ConnectionStateListener;
import org.apache.curator.retry.RetryNTimes;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ClientX509Util;
import org.apache.zookeeper.data.ACL;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to an ensemble with one session timeout. Curator keeps it: reconnects, and makes a
 * new ZooKeeper session when one has expired. Thread-safe.
 */
final class Connection {

  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  /** How long to wait for a server that takes us. */
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(4);

  /** How long to wait for the farewell. */
  private static final long CLOSE_LIMIT_MILLIS = 1_000;

  /** What the server may send in one answer: the names of a large space. */
  private static final int MAX_ANSWER_BYTES = 64 << 20;

  private final Location location;
  private final Environment environment;
  private final List<ACL> acl;
  private final CuratorFramework curator;
  private volatile @Nullable Wire wire;

  private Connection(Location location, Duration sessionTimeout, Environment environment) {
    this.location = location;
    this.environment = environment;
    acl =
        location.authScheme().isPresent()
            ? ZooDefs.Ids.CREATOR_ALL_ACL
            : ZooDefs.Ids.OPEN_ACL_UNSAFE;
    curator = curator(location, Math.toIntExact(sessionTimeout.toMillis()));
  }

  /** Starts to connect. */
  static Connection start(Location location, Duration sessionTimeout, Environment environment) {
    Connection connection = new Connection(location, sessionTimeout, environment);
    connection.curator.start();
    return connection;
  }

  private static CuratorFramework curator(Location location, int sessionTimeout) {
    CuratorFrameworkFactory.Builder builder =
        CuratorFrameworkFactory.builder()
            .connectString(location.servers())
            // The servers are those of the URI, which may be proxies.
            .ensembleTracker(false)
            .sessionTimeoutMs(sessionTimeout)
            .connectionTimeoutMs(Math.min(sessionTimeout, (int) CONNECT_LIMIT.toMillis()))
            // Whether to repeat is decided above: a repeated change is another change.
            .retryPolicy(new RetryNTimes(0, 0))
            .zkClientConfig(configuration(location));
    location
        .authScheme()
        .ifPresent(
            scheme -> {
              String credentials = location.credentials().orElse("");
              builder.authorization(scheme, credentials.getBytes(StandardCharsets.UTF_8));
            });
    return builder.build();
  }

  private static ZKClientConfig configuration(Location location) {
    ZKClientConfig configuration = new ZKClientConfig();
    configuration.setProperty(ZKClientConfig.JUTE_MAXBUFFER, Integer.toString(MAX_ANSWER_BYTES));
    if (location.tls()) {
      configuration.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
      configuration.setProperty(
          ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET,
          "org.apache.zookeeper.ClientCnxnSocketNetty");
      try (ClientX509Util names = new ClientX509Util()) {
        set(configuration, location, Location.KEY_STORE, names.getSslKeystoreLocationProperty());
        set(
            configuration,
            location,
            Location.KEY_STORE_PASSWORD,
            names.getSslKeystorePasswdProperty());
        set(
            configuration,
            location,
            Location.TRUST_STORE,
            names.getSslTruststoreLocationProperty());
        set(
            configuration,
            location,
            Location.TRUST_STORE_PASSWORD,
            names.getSslTruststorePasswdProperty());
      }
    }
    return configuration;
  }

  private static void set(
      ZKClientConfig configuration, Location location, String option, String property) {
    String value = location.options().get(option);
    if (value != null) {
      configuration.setProperty(property, value);
    }
  }

  /**
   * The present session.
   *
   * @throws io.holdfast.EngineUnavailableException if there is no connection
   */
  Wire wire() {
    ZooKeeper present = present();
    if (present == null) {
      throw Failures.unavailable(location, "no connection", null);
    }
    Wire known = wire;
    if (known == null || !known.isOf(present)) {
      known = new Wire(present, acl, location);
      wire = known;
    }
    return known;
  }

  /** Whether a session may still live; once false for ever false. */
  boolean keeps(Wire session) {
    ZooKeeper present = present();
    return session.isAlive() && (present == null || session.isOf(present));
  }

  private @Nullable ZooKeeper present() {
    CuratorZookeeperClient client = curator.getZookeeperClient();
    if (!client.isConnected()) {
      return null;
    }
    try {
      return client.getZooKeeper();
    } catch (Exception broken) { // Curator declares no less.
      LOG.debug("Curator has no session at {}", location, broken);
      return null;
    }
  }

  /** Completes as soon as there is a connection, or fails after some seconds without one. */
  CompletableFuture<Wire> connected() {
    CompletableFuture<Wire> connected = new CompletableFuture<>();
    ConnectionStateListener listener = (client, state) -> offer(connected);
    Environment.Cancellable alarm =
        environment
            .scheduler()
            .schedule(
                () ->
                    connected.completeExceptionally(
                        Failures.unavailable(
                            location, "no server took the connection within 4 s", null)),
                CONNECT_LIMIT);
    curator.getConnectionStateListenable().addListener(listener);
    offer(connected);
    return connected.whenComplete(
        (taken, failure) -> {
          alarm.cancel();
          curator.getConnectionStateListenable().removeListener(listener);
        });
  }

  private void offer(CompletableFuture<Wire> connected) {
    ZooKeeper present = present();
    if (present != null) {
      connected.complete(wire());
    }
  }

  /** For tests: the present ZooKeeper session is not used any more, but lives on at the server. */
  void forgetZooKeeperSession() throws Exception {
    curator.getZookeeperClient().getZooKeeper().getTestable().injectSessionExpiration();
  }

  /** Ends the sessions at the server. Waits for that, but not for long. */
  static void closeAll(List<Connection> connections) {
    List<Thread> closers = new ArrayList<>();
    for (Connection connection : connections) {
      Thread closer = new Thread(connection.curator::close, "holdfast-zookeeper-close");
      closer.setDaemon(true);
      closer.start();
      closers.add(closer);
    }
    try {
      for (Thread closer : closers) {
        closer.join(CLOSE_LIMIT_MILLIS);
      }
    } catch (InterruptedException interrupted) {
      // The farewell goes on without us.
      Thread.currentThread().interrupt();
    }
  }
}
