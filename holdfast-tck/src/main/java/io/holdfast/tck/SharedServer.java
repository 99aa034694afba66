package io.holdfast.tck;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A server that all tests of a JVM share: it is started for the first test that needs it, and ends
 * with the JVM. Tests that harm a server start one of their own. Thread-safe.
 *
 * <pre>{@code
 * private static final SharedServer SHARED = new SharedServer(() -> settings().start());
 * }</pre>
 */
public final class SharedServer {

  private final Supplier<ServerProcess> start;
  private @Nullable ServerProcess server;

  /**
   * A server that is not started yet.
   *
   * @param start starts it; may skip the test by an assumption of JUnit if there is no such server
   */
  public SharedServer(Supplier<ServerProcess> start) {
    this.start = start;
  }

  /**
   * The server, which runs.
   *
   * @throws AssertionError as {@link ServerProcess#start()}; the next call tries again
   */
  public synchronized ServerProcess get() {
    ServerProcess running = server;
    if (running == null) {
      running = start.get();
      server = running;
    }
    return running;
  }
}
