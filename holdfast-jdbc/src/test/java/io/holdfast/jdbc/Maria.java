package io.holdfast.jdbc;

import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.SharedServer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;

/** MariaDB servers for tests. */
final class Maria {

  private static final String HOW = "apt-get install -y mariadb-server";

  private static final SharedServer SHARED = new SharedServer(Maria::start);

  private Maria() {}

  /** The server that tests share which do it no harm. */
  static ServerProcess shared() {
    return SHARED.get();
  }

  /** The program of a server or of a client; skips the test if there is none. */
  static Path program(String name) {
    return ServerProcess.require(name, HOW);
  }

  /** Starts a server with the user {@code holdfast}, password {@code secret}, of a database. */
  static ServerProcess start(String... options) {
    Path installer = program("mariadb-install-db");
    var settings =
        ServerProcess.program(program("mariadbd"))
            .user("nobody")
            .prepare(
                installer.toString(),
                "--no-defaults",
                "--datadir={directory}/data",
                "--auth-root-authentication-method=normal",
                "--skip-test-db")
            .arguments("--no-defaults", "--datadir={directory}/data", "--port={port}")
            .arguments("--bind-address=127.0.0.1", "--socket={directory}/socket")
            .arguments("--max-connections=1000")
            // What a killed server has written is kept by the system, which tests do not kill.
            .arguments("--innodb-flush-log-at-trx-commit=2")
            .arguments(options)
            .ready(Maria::prepare);
    return settings.start();
  }

  private static boolean prepare(ServerProcess server) throws SQLException {
    String root = "jdbc:mariadb://127.0.0.1:" + server.port() + "/?user=root";
    try (Connection connection = DriverManager.getConnection(root);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE IF NOT EXISTS app");
      statement.execute("CREATE USER IF NOT EXISTS holdfast@localhost IDENTIFIED BY 'secret'");
      statement.execute("GRANT ALL ON app.* TO holdfast@localhost");
      return true;
    }
  }

  static String jdbcUrl(ServerProcess server) {
    return "jdbc:mariadb://127.0.0.1:" + server.port() + "/app?user=holdfast&password=secret";
  }

  static String uri(ServerProcess server) {
    return uri(server.port());
  }

  static String uri(int port) {
    return "mariadb://holdfast:secret@127.0.0.1:" + port + "/app";
  }
}
