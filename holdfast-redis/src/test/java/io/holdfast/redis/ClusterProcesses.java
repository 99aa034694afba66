package io.holdfast.redis;

import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Three primaries, each with a third of the slots, of the version that the system has. */
final class ClusterProcesses implements AutoCloseable {

  private static final int SLOTS = 16_384;

  private final List<ServerProcess> nodes = new ArrayList<>();

  private ClusterProcesses() {}

  static ClusterProcesses start() throws IOException {
    ClusterProcesses cluster = new ClusterProcesses();
    try {
      cluster.join();
      return cluster;
    } catch (IOException | RuntimeException | Error failure) {
      cluster.close();
      throw failure;
    }
  }

  private void join() throws IOException {
    for (int i = 0; i < 3; i++) {
      ServerProcess node =
          RedisProcess.settings(
                  RedisProcess.installed(),
                  "--cluster-enabled",
                  "yes",
                  "--cluster-node-timeout",
                  "5000")
              .start();
      nodes.add(node);
      RedisProcess.ask(node.port(), "CLUSTER SET-CONFIG-EPOCH " + (i + 1));
      // One by one, and in pieces: ADDSLOTSRANGE came with Redis 7.
      StringBuilder slots = new StringBuilder();
      for (int slot = i * SLOTS / 3; slot < (i + 1) * SLOTS / 3; slot++) {
        slots.append(' ').append(slot);
      }
      require(node, "CLUSTER ADDSLOTS" + slots);
      if (i > 0) {
        RedisProcess.ask(node.port(), "CLUSTER MEET 127.0.0.1 " + nodes.get(0).port());
      }
    }
    Await.until(
        "the cluster is complete",
        () -> {
          for (ServerProcess node : nodes) {
            String known = RedisProcess.ask(node.port(), "CLUSTER INFO");
            if (!known.contains("cluster_state:ok") || !known.contains("cluster_known_nodes:3")) {
              return false;
            }
          }
          return true;
        });
  }

  String uri() {
    return "redis-cluster://"
        + nodes.stream().map(node -> "127.0.0.1:" + node.port()).collect(Collectors.joining(","));
  }

  /** Moves a slot with its keys to another node. */
  void move(int slot) throws IOException {
    int from = slot * 3 / SLOTS;
    ServerProcess source = nodes.get(from);
    ServerProcess target = nodes.get((from + 1) % 3);
    String sourceId = RedisProcess.ask(source.port(), "CLUSTER MYID");
    String targetId = RedisProcess.ask(target.port(), "CLUSTER MYID");
    require(target, "CLUSTER SETSLOT " + slot + " IMPORTING " + sourceId);
    require(source, "CLUSTER SETSLOT " + slot + " MIGRATING " + targetId);
    String keys = RedisProcess.ask(source.port(), "CLUSTER GETKEYSINSLOT " + slot + " 1000");
    for (String key : keys.split("\n", -1)) {
      require(source, "MIGRATE 127.0.0.1 " + target.port() + " \"" + key + "\" 0 5000");
    }
    for (ServerProcess node : List.of(target, source, nodes.get((from + 2) % 3))) {
      require(node, "CLUSTER SETSLOT " + slot + " NODE " + targetId);
    }
  }

  private static void require(ServerProcess node, String command) throws IOException {
    String answer = RedisProcess.ask(node.port(), command);
    if (!answer.equals("OK")) {
      throw new AssertionError(command + ": " + answer);
    }
  }

  @Override
  public void close() {
    nodes.forEach(ServerProcess::close);
  }
}
