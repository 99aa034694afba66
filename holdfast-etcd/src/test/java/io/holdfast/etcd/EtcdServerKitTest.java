package io.holdfast.etcd;

import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerKit;
import io.holdfast.tck.ServerProcess;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The scenarios of bad servers and networks on etcd. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
class EtcdServerKitTest extends ServerKit {

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
  protected ServerProcess server() {
    return server;
  }

  @Override
  protected String engineUri(int port) {
    return "etcd://127.0.0.1:" + port;
  }

  @Override
  protected Collection<String> leftovers(String space) {
    List<String> keys = Bench.keys(server, space);
    // The version of the layout stays.
    return keys.stream().filter(key -> !key.equals("format")).toList();
  }

  /**
   * It is one call, as RoundTripsTest counts. The proxy also sees the pings with which HTTP/2
   * measures the connection.
   */
  @Override
  protected double acquireRoundTrips() {
    return 1.4;
  }

  @Override
  protected double releaseRoundTrips() {
    return 1.4;
  }

  /** Each look may be followed by such a ping. */
  @Override
  protected double waitingRoundTrips() {
    return 12;
  }
}
