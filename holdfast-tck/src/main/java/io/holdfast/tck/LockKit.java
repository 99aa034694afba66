package io.holdfast.tck;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What users of distributed locks have suffered from, as tests of the public API on any engine.
 * Each test carries the number of its scenario, or of its rule in SPEC.md. An engine's test class
 * says where the engine is:
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
@Timeout(600)
public abstract class LockKit extends ApiKit
    implements HoldScenarios, FaultScenarios, ScaleScenarios, DeadlockScenarios, RingScenarios {

  /** For subclasses. */
  protected LockKit() {}
}
