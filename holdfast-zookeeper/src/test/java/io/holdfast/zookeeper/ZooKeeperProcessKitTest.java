package io.holdfast.zookeeper;

import io.holdfast.tck.ProcessKit;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios of real processes on a ZooKeeper server. */
class ZooKeeperProcessKitTest extends ProcessKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Override
  protected String engineUri() {
    return "zookeeper://127.0.0.1:" + server.port() + "/processes";
  }

  /** Each step is a round trip, and many nodes and servers share the processors. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
