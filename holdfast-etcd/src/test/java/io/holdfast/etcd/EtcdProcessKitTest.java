package io.holdfast.etcd;

import io.holdfast.tck.ProcessKit;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios of real processes on etcd. */
class EtcdProcessKitTest extends ProcessKit {

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

  /** Each step is a round trip, and many nodes and servers share the processors. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
