package io.holdfast.tck;

import java.time.Duration;

/** What the kits that start processes ask of an engine's test class. */
abstract class WorkerKit extends ApiKit {

  /** Whether the tests run in full size. */
  protected boolean chaos() {
    return "long".equals(System.getProperty("holdfast.chaos"));
  }

  @Override
  protected Duration patience() {
    return Duration.ofSeconds(60);
  }

  /**
   * How soon at the earliest the lock of a killed process may go to the next waiter.
   *
   * @param left of its lease, as the process had counted just before it was killed
   */
  protected Duration earliestAfterKill(Duration left) {
    return left;
  }

  /**
   * How late at the latest the lock of a killed process goes to the next waiter.
   *
   * @param ttl of the killed process
   */
  protected Duration latestAfterKill(Duration ttl) {
    return ttl.plusSeconds(1);
  }
}
