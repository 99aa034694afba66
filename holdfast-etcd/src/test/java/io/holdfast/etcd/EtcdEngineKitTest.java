package io.holdfast.etcd;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.ServerProcess;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The rules on etcd. */
class EtcdEngineKitTest extends EngineKit {

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
  protected Engine open(String space, Environment environment) {
    return EtcdEngine.open(EtcdOptions.of("127.0.0.1:" + server.port()), space, environment);
  }

  /**
   * A crowd of 500 sessions with the shortest TTL, renewed every 400 ms, asks for more than etcd
   * can do beside the test on two cores.
   */
  @Override
  protected int scaled(int full) {
    return full == 500 ? 100 : full;
  }
}
