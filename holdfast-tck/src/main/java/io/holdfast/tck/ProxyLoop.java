package io.holdfast.tck;

import io.holdfast.engine.Environment;
import io.holdfast.tck.FaultyProxy.Direction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The thread of a proxy. Everything about its connections is done in it, so that a fault begins
 * between two bytes and {@link #perform} knows when it has begun.
 */
final class ProxyLoop implements AutoCloseable {

  private static final int BACKLOG = 1_000;
  private static final int PORTS_TO_TRY = 10;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final long PATIENCE_SECONDS = 30;

  private final Environment.Ticker clock = Environment.system("proxy").ticker();
  private final int serverPort;
  private final ProxyCounts counts;
  private final ProxyFaults faults = new ProxyFaults();
  private final Selector selector;
  private final ServerSocketChannel acceptor;
  private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final Set<ProxyLink> links = ConcurrentHashMap.newKeySet();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
  private final Thread thread;
  private volatile boolean closed;

  ProxyLoop(int serverPort, ProxyCounts counts) {
    this.serverPort = serverPort;
    this.counts = counts;
    try {
      selector = Selector.open();
      acceptor = listen();
      acceptor.configureBlocking(false);
      acceptor.register(selector, SelectionKey.OP_ACCEPT);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    thread = new Thread(this::run, "proxy-" + port());
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * Listens on a port that was free a moment ago. A process that another thread is starting holds
   * what this JVM had open then, the socket of that look too, until its program runs.
   */
  private static ServerSocketChannel listen() throws IOException {
    for (int attempt = 1; ; attempt++) {
      ServerSocketChannel listening = ServerSocketChannel.open();
      try {
        return listening.bind(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), LoopbackPorts.free()), BACKLOG);
      } catch (BindException taken) {
        listening.close();
        if (attempt == PORTS_TO_TRY) {
          throw taken;
        }
      }
    }
  }

  int port() {
    return acceptor.socket().getLocalPort();
  }

  int open() {
    return links.size();
  }

  /** Used in tasks only. */
  ProxyFaults faults() {
    return faults;
  }

  ProxyCounts counts() {
    return counts;
  }

  long nanoTime() {
    return clock.nanoTime();
  }

  /** To be read into and emptied at once. */
  ByteBuffer buffer() {
    return buffer.clear();
  }

  /** Runs a task between two steps, and waits for that. */
  void perform(Runnable task) {
    if (closed) {
      throw new IllegalStateException("this proxy has been closed; start another one");
    }
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    tasks.add(
        () -> {
          try {
            task.run();
            links.forEach(ProxyLink::update);
            done.complete(null);
          } catch (RuntimeException failure) {
            done.completeExceptionally(failure);
          }
        });
    selector.wakeup();
    done.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
  }

  private void run() {
    try {
      while (!closed) {
        step();
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } finally {
      links.forEach(ProxyLink::reset);
    }
  }

  private void step() throws IOException {
    selector.select(this::ready, waitMillis());
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
    links.forEach(ProxyLink::flush);
  }

  /** How long until delayed bytes are due; 0 is for ever. */
  private long waitMillis() {
    long due = links.stream().mapToLong(ProxyLink::nanosUntilDue).min().orElse(Long.MAX_VALUE);
    return due == Long.MAX_VALUE ? 0 : 1 + TimeUnit.NANOSECONDS.toMillis(Math.max(0, due));
  }

  private void ready(SelectionKey key) {
    try {
      if (key.isAcceptable()) {
        accept();
      } else if (key.attachment() instanceof ProxyLink link) {
        link.ready(key);
      }
    } catch (CancelledKeyException reset) {
      // By an earlier key of the same step.
    }
  }

  private void accept() {
    try {
      SocketChannel client = acceptor.accept();
      if (client != null) {
        counts.connections().incrementAndGet();
        greet(client);
      }
    } catch (IOException gone) {
      // The client has given up already.
    }
  }

  private void greet(SocketChannel client) throws IOException {
    switch (faults.greeting()) {
      case RESET -> ProxyLink.reset(client);
      case IGNORE -> links.add(new ProxyLink(this, client, null));
      case CONNECT -> {
        ProxyLink link = new ProxyLink(this, client, SocketChannel.open());
        links.add(link);
        link.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort));
      }
    }
  }

  Selector selector() {
    return selector;
  }

  void forget(ProxyLink link) {
    links.remove(link);
  }

  void cut() {
    links.forEach(ProxyLink::reset);
  }

  void heal() {
    faults.heal();
    links.forEach(ProxyLink::heal);
  }

  boolean passes(Direction direction) {
    return !faults.stalled().contains(direction) && !faults.dropped().contains(direction);
  }

  @Override
  public void close() {
    closed = true;
    selector.wakeup();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      acceptor.close();
      selector.close();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
