package io.holdfast.tck;

import java.time.Duration;
import java.util.List;

/**
 * A TCP proxy on loopback in front of a server of this machine, which can do to connections what
 * bad networks do. Each method takes effect for all bytes that it reads afterwards, on the
 * connections that are open and on those to come, until {@link #heal}. Faults add up.
 *
 * <p>The server need not run: connections are then reset. Thread-safe. Has one thread of its own.
 */
public final class FaultyProxy implements AutoCloseable {

  /** Where bytes go. */
  public enum Direction {
    /** From the client to the server. */
    TO_SERVER,
    /** From the server to the client. */
    TO_CLIENT
  }

  private final ProxyCounts counts = new ProxyCounts();
  private final ProxyLoop loop;

  private FaultyProxy(int serverPort) {
    loop = new ProxyLoop(serverPort, counts);
  }

  /**
   * Starts a proxy without faults, on a port of its own.
   *
   * @param serverPort the loopback port to connect to
   */
  public static FaultyProxy before(int serverPort) {
    return new FaultyProxy(serverPort);
  }

  /** The loopback port that stands for the server's. */
  public int port() {
    return loop.port();
  }

  /** Lets bytes arrive later, in order, however many they are. Zero ends it. */
  public void delay(Direction direction, Duration delay) {
    loop.perform(() -> loop.faults().delay(direction, delay));
  }

  /**
   * Nothing passes, nothing is lost, nobody is told: what TCP looks like while no packet gets
   * through. After {@link #heal} all goes on where it was.
   */
  public void stall() {
    stall(Direction.TO_SERVER, Direction.TO_CLIENT);
  }

  /** As {@link #stall()}, in some directions. */
  public void stall(Direction... directions) {
    loop.perform(() -> loop.faults().stalled().addAll(List.of(directions)));
  }

  /**
   * Swallows all bytes and the end of connections: a black hole. Connections that have lost
   * something by it are reset by {@link #heal}, since what comes next makes no sense to them.
   */
  public void drop() {
    drop(Direction.TO_SERVER, Direction.TO_CLIENT);
  }

  /** As {@link #drop()}, in some directions: requests are lost, or replies. */
  public void drop(Direction... directions) {
    loop.perform(() -> loop.faults().dropped().addAll(List.of(directions)));
  }

  /**
   * Marks connections on which the client sends a text in one piece from now on, for example {@code
   * SUBSCRIBE}; for {@link #dropMarked}.
   */
  public void mark(String text) {
    loop.perform(() -> loop.faults().mark(text));
  }

  /**
   * Swallows what the server says on marked connections, as {@link #drop()} does: for example all
   * notifications, where they have connections of their own.
   */
  public void dropMarked() {
    loop.perform(() -> loop.faults().dropMarked(true));
  }

  /** Resets all connections that are open; new ones are as good as ever. */
  public void cut() {
    loop.perform(loop::cut);
  }

  /** Resets all connections, and new ones as soon as they are made. */
  public void refuse() {
    loop.perform(
        () -> {
          loop.faults().greeting(ProxyFaults.Greeting.RESET);
          loop.cut();
        });
  }

  /**
   * Accepts new connections and never answers on them; those that are open stay good, so {@link
   * #cut} them if they should not. {@link #heal} resets connections that were accepted in vain.
   */
  public void ignoreNew() {
    loop.perform(() -> loop.faults().greeting(ProxyFaults.Greeting.IGNORE));
  }

  /** Ends all faults. */
  public void heal() {
    loop.perform(loop::heal);
  }

  /** How many connections have been accepted since it started, or since {@link #resetCounts}. */
  public long connections() {
    return counts.connections().get();
  }

  /** How many connections are open. */
  public int open() {
    return loop.open();
  }

  /**
   * How often the server has spoken after the client has, on any connection. That many round trips
   * have been made by a client that waits for each reply; one that does not needs fewer. Without
   * those that were {@linkplain #setAside set aside}.
   */
  public long roundTrips() {
    return counts.roundTrips().get();
  }

  /**
   * Counts round trips apart from now on, if the request has a text in one piece: what a client
   * does by the clock, for example, and more often the longer a test takes.
   */
  public void setAside(String text) {
    loop.perform(() -> counts.setAside(text));
  }

  /** How many round trips were set aside. */
  public long roundTripsSetAside() {
    return counts.roundTripsSetAside().get();
  }

  /** How many bytes have been read, dropped ones included, and without what was set aside. */
  public long bytes(Direction direction) {
    return counts.bytes(direction).get();
  }

  /** Counts from zero again. */
  public void resetCounts() {
    counts.reset();
  }

  /** Resets all connections and frees the port. Idempotent. */
  @Override
  public void close() {
    loop.close();
  }
}
