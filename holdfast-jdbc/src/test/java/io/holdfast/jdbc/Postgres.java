package io.holdfast.jdbc;

import io.holdfast.tck.ServerPackage;
import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Objects;
import org.tukaani.xz.XZInputStream;

/**
 * PostgreSQL servers for tests: the version that comes in a jar, so that everybody tests the same
 * one, and where that does not run, the installed one.
 */
final class Postgres {

  private static final String PLACES = "/usr/lib/postgresql/*/bin";
  private static final String HOW = "apt-get install -y postgresql";
  private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

  private static final SharedServer SHARED = new SharedServer(Postgres::start);
  private static final SharedServer INSTALLED =
      new SharedServer(() -> start(program("postgres").getParent()));

  /** Unpacked when the first test needs it. */
  private static final class Packaged {
    static final Path PROGRAMS = unpack();

    private static Path unpack() {
      InputStream archive = Objects.requireNonNull(Postgres.class.getResourceAsStream(ARCHIVE));
      try {
        return ServerPackage.archive("postgresql", new XZInputStream(archive)).resolve("bin");
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
  }

  private Postgres() {}

  /** An installed program of a server or of a client; skips the test if there is none. */
  static Path program(String name) {
    return ServerProcess.require(name, HOW, PLACES);
  }

  /** The server that tests share which do it no harm. */
  static ServerProcess shared() {
    return SHARED.get();
  }

  /** Another one, of the version that the system has; skips the test if there is none. */
  static ServerProcess installed() {
    return INSTALLED.get();
  }

  /** Starts a server; its superuser is {@code holdfast}, without a password. */
  static ServerProcess start(String... settings) {
    return start(
        ServerPackage.fitsThisMachine() ? Packaged.PROGRAMS : program("postgres").getParent(),
        settings);
  }

  private static ServerProcess start(Path programs, String... settings) {
    String initdb = programs.resolve("initdb").toString();
    var server =
        ServerProcess.program(programs.resolve("postgres"))
            .user("nobody")
            .prepare(initdb, "-D", "{directory}/data", "-A", "trust", "-U", "holdfast", "--no-sync")
            .arguments("-D", "{directory}/data", "-p", "{port}", "-k", "{directory}")
            .arguments("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=1000")
            // What a killed server has written is kept by the system, which tests do not kill.
            .arguments("-c", "fsync=off")
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
    return server.start();
  }

  static String jdbcUrl(ServerProcess server) {
    return "jdbc:postgresql://127.0.0.1:" + server.port() + "/postgres?user=holdfast";
  }

  static String uri(ServerProcess server) {
    return uri(server.port());
  }

  static String uri(int port) {
    return "postgresql://holdfast@127.0.0.1:" + port + "/postgres";
  }
}
