package io.holdfast.zookeeper;

import io.holdfast.tck.ServerKit;
import io.holdfast.tck.ServerProcess;
import java.util.Collection;
import java.util.List;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The scenarios of real servers on a ZooKeeper server. */
@Tag("zookeeper")
class ZooKeeperServerKitTest extends ServerKit {

  private static ServerProcess server;

  @BeforeAll
  static void startServer() {
    server = TestServer.start();
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
    return "zookeeper://127.0.0.1:" + port + "/servers";
  }

  /** All nodes below the directories, which are always there. */
  @Override
  protected Collection<String> leftovers(String space) throws Exception {
    Layout layout = new Layout("/servers", space);
    List<String> directories = layout.directories();
    ZooKeeper direct = new ZooKeeper("127.0.0.1:" + server.port(), 30_000, event -> {});
    try {
      direct.sync("/");
      List<String> nodes = ZKUtil.listSubTreeBFS(direct, layout.root());
      return nodes.stream().filter(node -> !directories.contains(node)).toList();
    } finally {
      direct.close();
    }
  }
}
