package io.holdfast.redis;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.LockKit;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The rules and the scenarios on one server. */
@Tag("redis")
class RedisKitTest {

  @Nested
  class Rules extends EngineKit {
    @Override
    protected Engine open(String space, Environment environment) {
      return RedisEngine.open(
          URI.create(RedisProcess.uri(RedisProcess.shared())), space, environment);
    }

    /** One server under load for all tests of this class. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
    }
  }

  @Nested
  class Scenarios extends LockKit {
    @Override
    protected String engineUri() {
      return RedisProcess.uri(RedisProcess.shared());
    }

    /** As above. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
    }
  }
}
