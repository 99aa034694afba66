package io.holdfast.zookeeper;

import io.holdfast.tck.ProcessKit;
import org.junit.jupiter.api.Tag;

/** The scenarios of real processes on a ZooKeeper server. */
@Tag("zookeeper")
class ZooKeeperProcessKitTest extends ProcessKit {

  @Override
  protected String engineUri() {
    return TestServer.uri(TestServer.shared()) + "/processes";
  }

  /** Each step is a round trip, and many nodes and servers share the processors. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
