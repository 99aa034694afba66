package io.holdfast.tck;

import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * What users of distributed locks have suffered from, on a real server that hangs, dies and comes
 * back, behind a network that delays, drops and cuts ({@link FaultyProxy}):
 *
 * <pre>{@code
 * class MyServerKitTest extends ServerKit {
 *   private static ServerProcess server;
 *
 *   @BeforeAll
 *   static void startServer() {
 *     Path program = ServerProcess.require("myd", "apt-get install -y my-server");
 *     server = ServerProcess.program(program).arguments("--port", "{port}").start();
 *   }
 *
 *   @AfterAll
 *   static void stopServer() {
 *     if (server != null) {
 *       server.close();
 *     }
 *   }
 *
 *   @Override
 *   protected ServerProcess server() {
 *     return server;
 *   }
 *
 *   @Override
 *   protected String engineUri(int port) {
 *     return "my://127.0.0.1:" + port;
 *   }
 *
 *   @Override
 *   protected Collection<String> leftovers(String space) {
 *     return keysThatBeginWith(space);
 *   }
 * }
 * }</pre>
 *
 * <p>The tests of one class share the server. Those that mostly wait do so beside each other, a few
 * at a time; those that harm the server or count what it is asked run alone. What {@link
 * ProcessKit} does to processes (S02, S13, and the crowds of S16 and S24) is not repeated here: an
 * engine with a server passes both kits.
 *
 * <p>The default sizes fit into a build. With {@code -Dholdfast.chaos=long} the tests run in full
 * size. Both print what they measure.
 */
@Tag(Layers.FAULTS)
@ExtendWith(LabSupplier.class)
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
@DisabledOnOs(OS.WINDOWS)
public abstract class ServerKit extends WorkerKit
    implements BlackHoleScenarios,
        LostMessageScenarios,
        WakeUpScenarios,
        OutageScenarios,
        RestartScenarios,
        ServerLoadScenarios,
        HandOffScenarios {

  /** For subclasses. */
  protected ServerKit() {}

  /** The server; it runs, and a test may kill, pause and start it. */
  protected abstract ServerProcess server();

  /**
   * Where the engine is.
   *
   * @param port the server's, or that of a proxy in front of it
   */
  protected abstract String engineUri(int port);

  @Override
  protected String engineUri() {
    return engineUri(server().port());
  }

  /**
   * What the server stores of a space, looked at past Holdfast, except what does not grow with the
   * number of names, such as a counter. It is asked when all nodes have been closed.
   *
   * @return for people, for example keys or rows
   */
  protected abstract Collection<String> leftovers(String space) throws Exception;

  /**
   * A text in what a client sends when it subscribes to its notifications on a connection of their
   * own, such as {@code SUBSCRIBE}, so that the proxy can lose exactly these. Empty if they share a
   * connection with requests: connections are then cut instead.
   */
  protected String notificationMark() {
    return "";
  }

  /** How many connections one node may open, whatever the number of locks. */
  protected int maxConnections() {
    return 16;
  }

  /** How many round trips an acquire of a free lock may need on average. */
  protected double acquireRoundTrips() {
    return 1;
  }

  /** How many round trips a release may need on average. */
  protected double releaseRoundTrips() {
    return 1;
  }

  /**
   * How many round trips the hand-off from one node to the next may need on average, all nodes
   * together, however many wait.
   */
  protected double handOffRoundTrips() {
    return 8;
  }

  /**
   * How many round trips a second a node may need while it does nothing but wait for a lock: twice
   * a second for its place in the queue, with a look at the neighbours. Without {@linkplain
   * #lookForWakeUps looks for wake-ups}.
   */
  protected double waitingRoundTrips() {
    return 6;
  }

  /**
   * A text in each request by which a node looks for its wake-ups, many times a second, because
   * nothing tells it of them; empty if it does not.
   */
  protected String lookForWakeUps() {
    return "";
  }

  /** How long a node may need after an outage to find that the server is back. */
  protected Duration recovery() {
    return Duration.ofSeconds(5);
  }
}
