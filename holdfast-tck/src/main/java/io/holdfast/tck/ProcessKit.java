package io.holdfast.tck;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

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
 * they measure. Scenarios that mostly wait do so beside each other, a few at a time; those that
 * load the machine run alone.
 *
 * <p>The processes are JVMs with the class path of the test. They need signals of POSIX. A process
 * that a test has not harmed serves the next one.
 */
@Tag(Layers.PROCESSES)
@ExtendWith(LabSupplier.class)
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 60, unit = TimeUnit.MINUTES)
@DisabledOnOs(OS.WINDOWS)
public abstract class ProcessKit extends WorkerKit
    implements PauseScenarios,
        CleanUpScenarios,
        ClockScenarios,
        CrashScenarios,
        CircleScenarios,
        QueueScenarios,
        ExpiryScenarios,
        EnduranceScenarios {

  /** For subclasses. */
  protected ProcessKit() {}
}
