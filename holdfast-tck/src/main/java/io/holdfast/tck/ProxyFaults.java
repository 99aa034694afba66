package io.holdfast.tck;

import io.holdfast.tck.FaultyProxy.Direction;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** The faults that a proxy makes at present. Used by its thread only. */
final class ProxyFaults {

  /** What becomes of new connections. */
  enum Greeting {
    CONNECT,
    IGNORE,
    RESET
  }

  private final Map<Direction, Long> delays = new EnumMap<>(Direction.class);
  private final Set<Direction> stalled = EnumSet.noneOf(Direction.class);
  private final Set<Direction> dropped = EnumSet.noneOf(Direction.class);
  private Greeting greeting = Greeting.CONNECT;
  private byte[] mark = {};
  private boolean dropsMarked;

  void delay(Direction direction, Duration delay) {
    if (delay.isNegative()) {
      throw new IllegalArgumentException("a delay is zero or more, not " + delay);
    }
    delays.put(direction, delay.toNanos());
  }

  long delayNanos(Direction direction) {
    return delays.getOrDefault(direction, 0L);
  }

  Set<Direction> stalled() {
    return stalled;
  }

  Set<Direction> dropped() {
    return dropped;
  }

  Greeting greeting() {
    return greeting;
  }

  void greeting(Greeting value) {
    greeting = value;
  }

  /** The text that marks a connection; empty if none does. */
  byte[] mark() {
    return mark;
  }

  void mark(String text) {
    mark = text.getBytes(StandardCharsets.ISO_8859_1);
  }

  /** Whether replies on marked connections are dropped. */
  boolean dropsMarked() {
    return dropsMarked;
  }

  void dropMarked(boolean value) {
    dropsMarked = value;
  }

  void heal() {
    delays.clear();
    stalled.clear();
    dropped.clear();
    greeting = Greeting.CONNECT;
    dropsMarked = false;
  }
}
