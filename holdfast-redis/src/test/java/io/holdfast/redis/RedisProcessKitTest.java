package io.holdfast.redis;

import io.holdfast.tck.ProcessKit;
import org.junit.jupiter.api.Tag;

/** The scenarios of real processes on one server. */
@Tag("redis")
class RedisProcessKitTest extends ProcessKit {

  @Override
  protected String engineUri() {
    return RedisProcess.uri(RedisProcess.shared());
  }

  /** Each step is a round trip, and many nodes and servers share the processors. */
  @Override
  protected int scaled(int full) {
    return chaos() ? full : Math.max(2, full / 10);
  }
}
