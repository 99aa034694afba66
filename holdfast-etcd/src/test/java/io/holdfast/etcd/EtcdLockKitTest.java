package io.holdfast.etcd;

import io.holdfast.tck.LockKit;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios on etcd. */
class EtcdLockKitTest extends LockKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = EtcdServer.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected String engineUri() {
    return EtcdServer.uri(server);
  }
}
