package io.holdfast.zookeeper;

import io.holdfast.tck.LockKit;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The scenarios on a ZooKeeper server. */
class ZooKeeperLockKitTest extends LockKit {

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
    return "zookeeper://127.0.0.1:" + server.port() + "/kit";
  }

  /** Clients and server share the machine with whatever else runs on it. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }
}
