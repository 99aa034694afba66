package io.holdfast.jdbc;

import io.holdfast.tck.ServerProcess;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;

/** PostgreSQL servers for tests. */
final class Postgres {

  private static final String PLACES = "/usr/lib/postgresql/*/bin";
  private static final String HOW = "apt-get install -y postgresql";

  private Postgres() {}

  /** The program of a server or of a client; skips the test if there is none. */
  static Path program(String name) {
    return ServerProcess.require(name, HOW, PLACES);
  }

  /** Starts a server; its superuser is {@code holdfast}, without a password. */
  static ServerProcess start(String... settings) {
    ServerProcess server = create(settings);
    try {
      server.start();
      return server;
    } catch (RuntimeException | Error failure) {
      server.close();
      throw failure;
    }
  }

  private static ServerProcess create(String... settings) {
    Path initdb = program("initdb");
    var server =
        ServerProcess.program(program("postgres"))
            .user("postgres")
            .prepare(initdb.toString(), "-D", "{directory}/data", "-A", "trust", "-U", "holdfast")
            .arguments("-D", "{directory}/data", "-p", "{port}", "-k", "{directory}")
            .arguments("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=1000")
            // A fast shutdown; TERM would wait for the clients.
            .stopSignal("INT")
            .ready(
                running -> {
                  try (Connection connection = DriverManager.getConnection(jdbcUrl(running))) {
                    return connection.isValid(1);
                  }
                });
    for (String setting : settings) {
      server.arguments("-c", setting);
    }
    return server.create();
  }

  static String jdbcUrl(ServerProcess server) {
    return "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?user=holdfast";
  }

  static String uri(int port) {
    return "postgresql://holdfast@127.0.0.1:" + port + "/postgres";
  }
}
