package io.holdfast.jdbc;

import io.holdfast.tck.ServerKit;
import io.holdfast.tck.ServerProcess;
import java.sql.SQLException;
import java.util.Collection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The scenarios of bad servers and networks on PostgreSQL. */
@Tag("postgresql")
class PostgresServerKitTest extends ServerKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = Postgres.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected ServerProcess server() {
    return server;
  }

  @Override
  protected String engineUri(int port) {
    return Postgres.uri(port);
  }

  @Override
  protected Collection<String> leftovers(String space) throws SQLException {
    return Leftovers.find(Postgres.jdbcUrl(server), "holdfast.record", "holdfast.session", space);
  }

  /** Those that work, and the one that listens. */
  @Override
  protected int maxConnections() {
    return 17;
  }
}
