package io.holdfast.etcd;

import io.holdfast.tck.Layers;
import io.holdfast.tck.ProcessKit;
import org.junit.jupiter.api.Tag;

/** The scenarios of real processes on etcd. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
class EtcdProcessKitTest extends ProcessKit {

  @Override
  protected String engineUri() {
    return EtcdServer.uri(EtcdServer.shared());
  }

  /** Each step is a round trip, and many nodes and servers share the processors. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
