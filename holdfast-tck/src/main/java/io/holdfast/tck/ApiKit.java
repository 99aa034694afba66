package io.holdfast.tck;

import io.holdfast.engine.SessionTerms;
import java.time.Duration;

/** What the kits that test an engine through the public API ask of an engine's test class. */
abstract class ApiKit {

  /** Where the engine is; called once or more per test. */
  protected abstract String engineUri();

  /** The TTL of nodes that are to die. */
  protected Duration shortTtl() {
    return SessionTerms.MIN_TTL;
  }

  /**
   * How long a test waits for something that must happen before it fails; longer on a machine that
   * is slow at the moment ({@link Pace}).
   */
  protected Duration patience() {
    return Duration.ofSeconds(10);
  }

  /**
   * How much later than it should an event may be seen: the scheduling delays of the machine that
   * runs the test, added to what the scenario allows. A second, and more while the machine is slow.
   */
  protected Duration jitter() {
    return Pace.stretch(Duration.ofSeconds(1));
  }

  /**
   * Scales the size of a test for a slow store.
   *
   * @param full the size in the kit
   * @return the size to use, 2 or more
   */
  protected int scaled(int full) {
    return full;
  }
}
