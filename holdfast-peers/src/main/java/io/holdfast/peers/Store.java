package io.holdfast.peers;

import io.holdfast.LockOptions;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.apache.zookeeper.server.ZooKeeperServerMain;

/** A server, and the lock libraries that use it. Servers are as they come, and write to disk. */
enum Store {
  REDIS,
  POSTGRESQL,
  MARIADB,
  ETCD,
  ZOOKEEPER;

  private static final String ADVISORY = "advisory lock";

  /** The names of the others. */
  List<String> peers() {
    return switch (this) {
      case REDIS -> List.of("Redisson RLock");
      case POSTGRESQL -> List.of("Spring JdbcLockRegistry", ADVISORY);
      case MARIADB -> List.of("Spring JdbcLockRegistry");
      case ETCD -> List.of("jetcd lock");
      case ZOOKEEPER -> List.of("Curator InterProcessMutex");
    };
  }

  /**
   * Whether another library is a floor only: its locks are memory of the server, which the end of a
   * connection or of the server takes away, and no lock that is written to disk can be as fast.
   */
  static boolean isFloor(String library) {
    return library.equals(ADVISORY);
  }

  /** Starts a server. */
  ServerProcess start() throws IOException {
    return switch (this) {
      case REDIS ->
          ServerProcess.program(program("redis-server", "redis-server"))
              .arguments("--port", "{port}", "--bind", "127.0.0.1", "--dir", "{directory}")
              .start();
      case POSTGRESQL -> postgres();
      case MARIADB -> maria();
      case ETCD -> etcd();
      case ZOOKEEPER -> zooKeeper();
    };
  }

  private static Path program(String name, String source, String... places) {
    return ServerProcess.find(name, places)
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "no program " + name + "; install it: apt-get install -y " + source));
  }

  private static ServerProcess postgres() {
    String places = "/usr/lib/postgresql/*/bin";
    return ServerProcess.program(program("postgres", "postgresql", places))
        .user("postgres")
        .prepare(
            program("initdb", "postgresql", places).toString(),
            "-D",
            "{directory}/data",
            "-A",
            "trust",
            "-U",
            "holdfast")
        .arguments("-D", "{directory}/data", "-p", "{port}", "-k", "{directory}")
        .arguments("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=500")
        .ready(
            server ->
                execute(
                    POSTGRESQL.jdbcUrl(server.port()),
                    "CREATE TABLE IF NOT EXISTS INT_LOCK (LOCK_KEY CHAR(36) NOT NULL,"
                        + " REGION VARCHAR(100) NOT NULL, CLIENT_ID CHAR(36),"
                        + " CREATED_DATE TIMESTAMP NOT NULL, EXPIRED_AFTER TIMESTAMP NOT NULL,"
                        + " CONSTRAINT INT_LOCK_PK PRIMARY KEY (LOCK_KEY, REGION))"))
        .start();
  }

  private static ServerProcess maria() {
    return ServerProcess.program(program("mariadbd", "mariadb-server"))
        .user("mysql")
        .prepare(
            program("mariadb-install-db", "mariadb-server").toString(),
            "--no-defaults",
            "--datadir={directory}/data",
            "--auth-root-authentication-method=normal",
            "--skip-test-db")
        .arguments("--no-defaults", "--datadir={directory}/data", "--port={port}")
        .arguments("--bind-address=127.0.0.1", "--socket={directory}/socket")
        .arguments("--max-connections=500")
        .ready(
            server ->
                execute(
                    "jdbc:mariadb://127.0.0.1:" + server.port() + "/?user=root",
                    "CREATE DATABASE IF NOT EXISTS app",
                    "CREATE USER IF NOT EXISTS holdfast@localhost IDENTIFIED BY 'secret'",
                    "GRANT ALL ON app.* TO holdfast@localhost",
                    "CREATE TABLE IF NOT EXISTS app.INT_LOCK (LOCK_KEY CHAR(36) NOT NULL,"
                        + " REGION VARCHAR(100) NOT NULL, CLIENT_ID CHAR(36),"
                        + " CREATED_DATE DATETIME(6) NOT NULL, EXPIRED_AFTER DATETIME(6) NOT NULL,"
                        + " CONSTRAINT INT_LOCK_PK PRIMARY KEY (LOCK_KEY, REGION)) ENGINE=InnoDB"))
        .start();
  }

  private static boolean execute(String url, String... statements) throws SQLException {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      for (String each : statements) {
        statement.execute(each);
      }
      return true;
    }
  }

  private static ServerProcess etcd() {
    int peer = ServerProcess.freePort();
    return ServerProcess.program(program("etcd", "etcd-server"))
        .arguments("--name", "one", "--data-dir", "{directory}/data")
        .arguments("--listen-client-urls", "http://127.0.0.1:{port}")
        .arguments("--advertise-client-urls", "http://127.0.0.1:{port}")
        .arguments("--listen-peer-urls", "http://127.0.0.1:" + peer)
        .arguments("--initial-advertise-peer-urls", "http://127.0.0.1:" + peer)
        .arguments("--initial-cluster", "one=http://127.0.0.1:" + peer, "--log-level", "warn")
        .start();
  }

  private static ServerProcess zooKeeper() throws IOException {
    ServerProcess server =
        ServerProcess.main(ZooKeeperServerMain.class)
            .arguments("{directory}/zoo.cfg")
            .variable("JAVA_TOOL_OPTIONS", "-Dzookeeper.admin.enableServer=false")
            .create();
    Files.writeString(
        server.directory().resolve("zoo.cfg"),
        String.join(
            "\n",
            "dataDir=" + server.directory() + "/data",
            "clientPort=" + server.port(),
            "clientPortAddress=127.0.0.1",
            "maxClientCnxns=0"));
    server.start();
    return server;
  }

  /** Connects Holdfast or a peer. */
  Contender connect(String library, int port) {
    return switch (library) {
      case Suite.HOLDFAST -> new HoldfastContender(uri(port), LockOptions.Fairness.NODE);
      case Suite.STRICT -> new HoldfastContender(uri(port), LockOptions.Fairness.STRICT);
      case "Redisson RLock" -> new RedissonContender(port);
      case "Spring JdbcLockRegistry" -> new JdbcRegistryContender(jdbcUrl(port));
      case ADVISORY -> new AdvisoryLockContender(jdbcUrl(port));
      case "jetcd lock" -> new JetcdContender(port);
      case "Curator InterProcessMutex" -> new CuratorContender(port);
      default -> throw new IllegalArgumentException("no library " + library);
    };
  }

  /** Where Holdfast finds it. */
  String uri(int port) {
    return switch (this) {
      case REDIS -> "redis://127.0.0.1:" + port;
      case POSTGRESQL -> "postgresql://holdfast@127.0.0.1:" + port + "/postgres";
      case MARIADB -> "mariadb://holdfast:secret@127.0.0.1:" + port + "/app";
      case ETCD -> "etcd://127.0.0.1:" + port;
      case ZOOKEEPER -> "zookeeper://127.0.0.1:" + port;
    };
  }

  private String jdbcUrl(int port) {
    return this == MARIADB
        ? "jdbc:mariadb://127.0.0.1:" + port + "/app?user=holdfast&password=secret"
        : "jdbc:postgresql://127.0.0.1:" + port + "/postgres?user=holdfast";
  }
}
