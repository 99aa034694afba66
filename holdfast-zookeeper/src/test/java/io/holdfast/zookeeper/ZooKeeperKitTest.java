package io.holdfast.zookeeper;

import io.holdfast.tck.LockKit;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The rules and the scenarios on one server. */
@Tag("zookeeper")
class ZooKeeperKitTest {

  @Nested
  class Rules extends ZooKeeperRules {
    @Override
    String uri() {
      return TestServer.uri(TestServer.shared()) + "/rules";
    }
  }

  @Nested
  class Scenarios extends LockKit {
    @Override
    protected String engineUri() {
      return TestServer.uri(TestServer.shared()) + "/scenarios";
    }

    /** Clients and server share the machine with whatever else runs on it. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
    }
  }
}
