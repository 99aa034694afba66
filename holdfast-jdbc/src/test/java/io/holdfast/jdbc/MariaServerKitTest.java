package io.holdfast.jdbc;

import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerKit;
import io.holdfast.tck.ServerProcess;
import java.sql.SQLException;
import java.util.Collection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The scenarios of bad servers and networks on MariaDB. */
@Tag("mariadb")
@Tag(Layers.INSTALLED)
class MariaServerKitTest extends ServerKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = Maria.start();
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
    return Maria.uri(port);
  }

  @Override
  protected String lookForWakeUps() {
    return "SELECT session, name FROM";
  }

  @Override
  protected Collection<String> leftovers(String space) throws SQLException {
    return Leftovers.find(Maria.jdbcUrl(server), "holdfast_record", "holdfast_session", space);
  }
}
