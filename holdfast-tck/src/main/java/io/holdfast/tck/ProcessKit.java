package io.holdfast.tck;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What users of distributed locks have suffered from, in real processes that are killed, stopped,
 * told a wrong time and overloaded, on any engine that several processes can reach:
 *
 * <pre>{@code
 * class MyProcessKitTest extends ProcessKit {
 *   @Override
 *   protected String engineUri() {
 *     return "my://localhost:4711";
 *   }
 * }
 * }</pre>
 *
 * <p>The default sizes fit into a build. With {@code -Dholdfast.chaos=long} each test runs in the
 * size that its scenario names, which takes an hour or so, and prints its progress. Both print what
 * they measure.
 *
 * <p>The processes are JVMs with the class path of the test. They need signals of POSIX.
 */
@ExtendWith(LabSupplier.class)
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@DisabledOnOs(OS.WINDOWS)
public abstract class ProcessKit extends ApiKit
    implements PauseScenarios,
        CleanUpScenarios,
        ClockScenarios,
        CrashScenarios,
        QueueScenarios,
        ExpiryScenarios,
        EnduranceScenarios {

  /** For subclasses. */
  protected ProcessKit() {}

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
   * @param ttl of the killed process; its last renewal is at most a third of it old
   */
  protected Duration earliestAfterKill(Duration ttl) {
    return ttl.multipliedBy(2).dividedBy(3).minusMillis(100);
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
