package io.holdfast.jdbc;

import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

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
}
