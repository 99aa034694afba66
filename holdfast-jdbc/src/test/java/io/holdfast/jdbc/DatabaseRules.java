package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import java.net.URI;
import java.time.Duration;

/** The rules on a database server. */
abstract class DatabaseRules extends EngineKit {

  /** Where the server is. */
  abstract String uri();

  @Override
  protected Engine open(String space, Environment environment) {
    return new DatabaseEngineProvider().open(URI.create(uri()), space, environment);
  }

  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }

  /** Each step is a commit. */
  @Override
  protected int scaled(int full) {
    return Math.max(2, full / 4);
  }
}
