package io.holdfast.tck;

import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * What one test of {@link ServerKit} works with, for subclasses that override a test: a {@link
 * ProcessLab} with a server and proxies before it, all of which are well again after the test.
 */
public final class ServerLab extends ProcessLab {

  private final ServerKit kit;
  private final List<FaultyProxy> proxies = new ArrayList<>();

  ServerLab(ServerKit kit) {
    super(kit);
    this.kit = kit;
  }

  @Override
  ServerKit kit() {
    return kit;
  }

  ServerProcess server() {
    return kit.server();
  }

  /** A link to the server that belongs to this test, without faults. */
  FaultyProxy link() {
    FaultyProxy proxy = FaultyProxy.before(server().port());
    if (!kit.notificationMark().isEmpty()) {
      proxy.mark(kit.notificationMark());
    }
    proxy.setAside(kit.lookForWakeUps());
    proxies.add(proxy);
    return proxy;
  }

  /** A node behind a link. */
  Holdfast node(FaultyProxy link, UnaryOperator<HoldfastBuilder> settings) {
    return node(kit.engineUri(link.port()), settings);
  }

  /** A process without nodes behind a link. */
  Worker worker(FaultyProxy link) {
    return worker(Map.of(), kit.engineUri(link.port()));
  }

  /** Waits until the engine has nothing of this test. */
  void awaitEmptySpace() {
    eventually("an empty space", () -> inspector().list("").isEmpty());
  }

  /** How long something has taken since a reading of {@link #nanoTime}. */
  Duration since(long begun) {
    return Duration.ofNanos(nanoTime() - begun);
  }

  @Override
  public void close() {
    proxies.forEach(FaultyProxy::heal);
    try {
      if (server().isAlive()) {
        server().resume();
      } else {
        server().start();
      }
    } finally {
      super.close();
      proxies.forEach(FaultyProxy::close);
    }
  }
}
