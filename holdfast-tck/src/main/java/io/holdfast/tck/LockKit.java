package io.holdfast.tck;

import io.holdfast.engine.SessionTerms;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What users of distributed locks have suffered from, as tests of the public API on any engine.
 * Each test carries the number of its scenario. An engine's test class says where the engine is:
 *
 * <pre>{@code
 * class MyLockKitTest extends LockKit {
 *   @Override
 *   protected String engineUri() {
 *     return "my://localhost:4711";
 *   }
 * }
 * }</pre>
 *
 * <p>Each test uses a space of its own and real time, and may run beside the others.
 */
@ExtendWith(LabSupplier.class)
@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
public abstract class LockKit implements HoldScenarios, FaultScenarios, ScaleScenarios {

  /** For subclasses. */
  protected LockKit() {}

  /** Where the engine is; called once or more per test. */
  protected abstract String engineUri();

  /** The TTL of nodes that are to die. */
  protected Duration shortTtl() {
    return SessionTerms.MIN_TTL;
  }

  /** How long a test waits for something that must happen before it fails. */
  protected Duration patience() {
    return Duration.ofSeconds(10);
  }

  /**
   * How much later than it should an event may be seen: the scheduling delays of the machine that
   * runs the test, added to what the scenario allows.
   */
  protected Duration jitter() {
    return Duration.ofSeconds(1);
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
