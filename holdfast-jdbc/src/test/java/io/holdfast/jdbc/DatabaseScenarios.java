package io.holdfast.jdbc;

import io.holdfast.tck.LockKit;
import java.time.Duration;

/** The scenarios on a database server. */
abstract class DatabaseScenarios extends LockKit {

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
