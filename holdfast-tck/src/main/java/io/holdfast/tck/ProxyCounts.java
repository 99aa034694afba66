package io.holdfast.tck;

import io.holdfast.tck.FaultyProxy.Direction;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;

/** What has passed a proxy. Thread-safe. */
final class ProxyCounts {

  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong roundTrips = new AtomicLong();
  private final AtomicLong roundTripsSetAside = new AtomicLong();
  private final AtomicLong toServer = new AtomicLong();
  private final AtomicLong toClient = new AtomicLong();
  private volatile byte[] setAside = {};

  AtomicLong connections() {
    return connections;
  }

  AtomicLong roundTrips() {
    return roundTrips;
  }

  AtomicLong roundTripsSetAside() {
    return roundTripsSetAside;
  }

  /** The text of requests whose round trips are counted apart; empty if there are none. */
  byte[] setAside() {
    return setAside;
  }

  void setAside(String text) {
    setAside = text.getBytes(StandardCharsets.ISO_8859_1);
  }

  AtomicLong bytes(Direction direction) {
    return direction == Direction.TO_SERVER ? toServer : toClient;
  }

  void reset() {
    connections.set(0);
    roundTrips.set(0);
    roundTripsSetAside.set(0);
    toServer.set(0);
    toClient.set(0);
  }
}
