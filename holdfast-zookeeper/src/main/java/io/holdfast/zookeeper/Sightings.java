package io.holdfast.zookeeper;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * When the renewals of other sessions were seen, by this process' monotonic clock. Thread-safe.
 *
 * <p>If a look shows the same version as a look that was answered a TTL ago, then the session has
 * not been renewed for its TTL. No other clock has a part in this, and an interruption of this
 * process only makes it later.
 */
final class Sightings {

  private static final Duration ALIVE_FOR = Duration.ofMillis(20);
  private static final int TIDY_FROM = 1_024;
  private static final int MANY_DEAD = 1 << 14;

  /**
   * What was seen.
   *
   * @param version of the session's node: it counts the renewals
   * @param since when an answer with this version first came
   * @param latest when the latest look was sent
   */
  record Sighting(int version, long since, long latest, long ttlNanos) {}

  private final Map<Long, Sighting> seen = new ConcurrentHashMap<>();
  private final Recent<Long, Boolean> dead = new Recent<>(MANY_DEAD);
  private volatile int tidyFrom = TIDY_FROM;

  /** Whether the session was alive a moment ago, short beside the interval of polls. */
  boolean aliveJustNow(long session, long now) {
    Sighting sighting = seen.get(session);
    return sighting != null
        && now - sighting.latest() < ALIVE_FOR.toNanos()
        && now - sighting.since() < sighting.ttlNanos();
  }

  /**
   * Keeps what a look has shown.
   *
   * @param fresh what this one look says by itself
   * @return whether the session has not been renewed for its TTL
   */
  boolean unrenewed(long session, Sighting fresh) {
    tidy(fresh.latest());
    Sighting now = seen.merge(session, fresh, Sightings::later);
    return now.version() == fresh.version() && fresh.latest() - now.since() >= fresh.ttlNanos();
  }

  private static Sighting later(Sighting before, Sighting fresh) {
    return before.version() == fresh.version()
        ? new Sighting(fresh.version(), before.since(), fresh.latest(), fresh.ttlNanos())
        : newer(before, fresh);
  }

  /** Of two looks at once, the answers may come in the wrong order. */
  private static Sighting newer(Sighting before, Sighting fresh) {
    return fresh.version() - before.version() > 0 ? fresh : before;
  }

  private void tidy(long now) {
    if (seen.size() >= tidyFrom) {
      seen.values().removeIf(sighting -> now - sighting.latest() > sighting.ttlNanos());
      tidyFrom = Math.max(TIDY_FROM, 2 * seen.size());
    }
  }

  /** A session has proved to be dead, which is for ever. */
  void bury(long session) {
    dead.put(session, true);
    seen.remove(session);
  }

  boolean knownDead(long session) {
    return dead.get(session) != null;
  }
}
