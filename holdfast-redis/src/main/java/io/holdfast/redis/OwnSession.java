package io.holdfast.redis;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.LoggerFactory;

/** A session that this store has opened. Thread-safe. */
final class OwnSession {

  private final long id;
  private final Consumer<String> onWake;

  /** The largest versions seen over connections that have ended, until a renewal clears them. */
  private final Set<AtomicLong> unverified = ConcurrentHashMap.newKeySet();

  OwnSession(long id, Consumer<String> onWake) {
    this.id = id;
    this.onWake = onWake;
  }

  /** A connection that the session has used is replaced, maybe by one to another server. */
  void doubt(AtomicLong seen) {
    unverified.add(seen);
  }

  /** What the next renewal has to ask the server for. */
  List<AtomicLong> doubts() {
    return new ArrayList<>(unverified);
  }

  /** The server has all of it. */
  void clear(List<AtomicLong> verified) {
    verified.forEach(unverified::remove);
  }

  /** One at a time, also while one connection replaces another. */
  synchronized void wake(String name) {
    try {
      onWake.accept(name);
    } catch (RuntimeException thrown) {
      LoggerFactory.getLogger(OwnSession.class)
          .warn("session {} failed to look at {}; it will look again later", id, name, thrown);
    }
  }
}
