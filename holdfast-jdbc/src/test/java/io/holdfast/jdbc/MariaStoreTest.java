package io.holdfast.jdbc;

import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

@Tag("mariadb")
@Tag(Layers.INSTALLED)
class MariaStoreTest extends ServerStoreRules {

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
  ServerProcess server() {
    return server;
  }

  @Override
  String uri() {
    return Maria.uri(server.port());
  }

  @Override
  public String jdbcUrl() {
    return Maria.jdbcUrl(server);
  }

  @Override
  void setCounterBack() {
    sql("ALTER TABLE holdfast_version AUTO_INCREMENT = 5");
  }

  @Override
  String scripted(String script) throws Exception {
    String root = "jdbc:mariadb://127.0.0.1:" + server.port() + "/?user=root";
    try (Connection connection = DriverManager.getConnection(root);
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE scripted");
      statement.execute("CREATE USER worker@localhost IDENTIFIED BY 'secret'");
      statement.execute(
          "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON scripted.* TO worker@localhost");
    }
    String mariadb = Maria.program("mariadb").toString();
    run(
        script,
        mariadb,
        "--no-defaults",
        "--host=127.0.0.1",
        "--port=" + server.port(),
        "--user=root",
        "scripted");
    return uri().replace("holdfast:", "worker:").replace("/app", "/scripted");
  }
}
