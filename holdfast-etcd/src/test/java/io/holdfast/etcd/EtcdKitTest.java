package io.holdfast.etcd;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.Layers;
import io.holdfast.tck.LockKit;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The rules and the scenarios on one member. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
class EtcdKitTest {

  @Nested
  class Rules extends EngineKit {
    @Override
    protected Engine open(String space, Environment environment) {
      return EtcdEngine.open(
          EtcdOptions.of("127.0.0.1:" + EtcdServer.shared().port()), space, environment);
    }

    /** One member under load for all tests of this class. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
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

  @Nested
  class Scenarios extends LockKit {
    @Override
    protected String engineUri() {
      return EtcdServer.uri(EtcdServer.shared());
    }

    /** As above. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
    }
  }
}
