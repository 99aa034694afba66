package io.holdfast.zookeeper;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections of a store: one, and one more for each other TTL that its sessions have, because
 * a ZooKeeper session has one timeout. Thread-safe.
 */
final class Connections {

  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);

  private final Location location;
  private final Environment environment;
  private final Connection main;

  // Guarded by this.
  private final Map<Duration, Connection> all = new HashMap<>();
  private final Set<String> said = new HashSet<>();
  private boolean closed;

  Connections(Location location, Environment environment) {
    this.location = location;
    this.environment = environment;
    this.main = of(Sessions.timeout(SessionTerms.DEFAULT_TTL));
  }

  /** For the records, and for sessions of the usual TTL. */
  Connection main() {
    return main;
  }

  /** A connection whose ZooKeeper session has a timeout. */
  synchronized Connection of(Duration timeout) {
    if (closed) {
      throw new EngineUnavailableException(
          "this engine has been closed; open another one and retry");
    }
    return all.computeIfAbsent(timeout, fresh -> Connection.start(location, fresh, environment));
  }

  /** Warns, but not again and again. */
  synchronized void sayOnce(String warning) {
    if (said.add(warning)) {
      LOG.warn("{}", warning);
    }
  }

  void close() {
    List<Connection> open;
    synchronized (this) {
      closed = true;
      open = List.copyOf(all.values());
      all.clear();
    }
    Connection.closeAll(open);
  }

  @Override
  public String toString() {
    return location.toString();
  }

  /** A path on the servers, for people. */
  String at(String path) {
    return location.at(path);
  }
}
