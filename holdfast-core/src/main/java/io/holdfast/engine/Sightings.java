package io.holdfast.engine;

import java.time.Duration;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Which sessions were alive a moment ago, so that a crowd around a lock does not ask for the same
 * few sessions again with every change. Thread-safe.
 *
 * <p>Only who joins a queue may believe it: he looks again soon, and then asks the store. Nobody is
 * turned away on its strength, and nobody is called dead.
 */
final class Sightings {

  /** Well below the time in which a waiter must notice a dead holder. */
  static final Duration MOMENT = Duration.ofMillis(100);

  private static final long MOMENT_NANOS = MOMENT.toNanos();

  /** From how many on the old ones are thrown out. */
  private static final int MANY = 1_000;

  private final Environment.Ticker ticker;
  private final ConcurrentMap<Long, Long> seen = new ConcurrentHashMap<>();

  Sightings(Environment.Ticker ticker) {
    this.ticker = ticker;
  }

  /** What time it is: to be read before the store is asked. */
  long now() {
    return ticker.nanoTime();
  }

  /** The store has answered that these sessions were alive at some time after the question. */
  void add(Collection<Long> alive, long asked) {
    if (seen.size() > MANY) {
      seen.values().removeIf(time -> isOld(time, asked));
    }
    alive.forEach(session -> seen.put(session, asked));
  }

  /** Takes out of a set who was alive a moment ago. */
  void removeFrom(Set<Long> sessions) {
    long now = now();
    sessions.removeIf(
        session -> {
          Long time = seen.get(session);
          return time != null && !isOld(time, now);
        });
  }

  private static boolean isOld(long time, long now) {
    return now - time >= MOMENT_NANOS;
  }
}
