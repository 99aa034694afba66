package io.holdfast.tck;

import java.util.Collection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios of real servers on the smallest one. */
class WireServerKitTest extends ServerKit {

  private static ServerProcess server;

  @BeforeAll
  static void startServer() {
    server = ServerProcess.main(WireServer.class).arguments("{port}").start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Override
  protected ServerProcess server() {
    return server;
  }

  @Override
  protected String engineUri(int port) {
    return "wire://127.0.0.1:" + port;
  }

  @Override
  protected Collection<String> leftovers(String space) throws Exception {
    return WireRecordStore.leftovers(server.port(), space);
  }

  @Override
  protected String notificationMark() {
    return WireProtocol.SUBSCRIBE;
  }
}
