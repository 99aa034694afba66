package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Groups 1 to 11 of SPEC.md, and what group 14 asks of an engine, as tests for any engine. An
 * engine's test class extends this one and overrides {@link #open}; the other methods have answers
 * that fit most engines.
 *
 * <pre>{@code
 * class MyEngineKitTest extends EngineKit {
 *   @Override
 *   protected Engine open(String space, Environment environment) {
 *     return new MyEngine(address, space, environment);
 *   }
 * }
 * }</pre>
 *
 * <p>Each test is named after its rule, uses a space of its own and real time, and may run beside
 * the others: nearly all of the time of the expiry tests is waiting, so JUnit's parallel execution
 * ({@code junit.jupiter.execution.parallel.enabled}) makes the kit several times faster.
 */
@ExtendWith(LabSupplier.class)
@Execution(ExecutionMode.CONCURRENT)
@Timeout(120)
public abstract class EngineKit
    implements AcquireRules,
        ReleaseRules,
        OrderRules,
        SessionRules,
        IdRules,
        RevokeRules,
        ReadWriteRules,
        SemaphoreRules,
        EventRules,
        NameRules,
        InspectionRules,
        LoadRules,
        WaitRules {

  /** For subclasses. */
  protected EngineKit() {}

  /**
   * Opens an engine on a space. Called several times per test, for several nodes; engines of the
   * same space see one another, those of different spaces do not. The kit closes it.
   *
   * @param space not used by any test before; lower case letters and digits
   * @param environment clocks, scheduler and chance; the kit closes it
   */
  protected abstract Engine open(String space, Environment environment);

  /** The TTL of sessions that are to expire; the shortest that the engine keeps exactly. */
  protected Duration shortTtl() {
    return SessionTerms.MIN_TTL;
  }

  /** How time passes in a test: for kits of this module on engines that live in the process. */
  KitTime time() {
    return new RealTime();
  }

  /** How long a test waits for something that must happen before it fails. */
  protected Duration patience() {
    return Duration.ofSeconds(10);
  }

  /** How much later than its TTL a session may end (rule 4.2). */
  protected Duration expirySlack() {
    return Duration.ofSeconds(1);
  }

  /**
   * Scales the size of a test for a slow store.
   *
   * @param full the size in the rule, for example 1,000 re-creations
   * @return the size to use, 2 or more
   */
  protected int scaled(int full) {
    return full;
  }

  /**
   * Makes the client of a session vanish, as far as that is more than renewing no longer, which the
   * kit does by itself.
   *
   * @param session not used again by the kit, except to see that it has ended
   */
  protected void abandon(EngineSession session) {}

  /**
   * Whether a space is forgotten when its last engine closes, as that of an engine inside a process
   * is. The kit then keeps one engine open where others are closed.
   */
  protected boolean forgetsWhenClosed() {
    return false;
  }
}
