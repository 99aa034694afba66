package io.holdfast.node;

import io.holdfast.engine.EngineSession;
import io.holdfast.node.WaitGraph.Edge;
import io.holdfast.rules.WaitReport;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * A deadlock that was seen once.
 *
 * @param said what could be read of the nodes' reports at a moment after that
 * @param attempts how often the others have been asked to confirm
 */
record Suspicion(
    EngineSession session, Map<Long, WaitReport> said, Deadlock deadlock, int attempts) {

  /** The holders in other sessions, and the locks for which they can be asked. */
  Map<String, Set<Long>> others() {
    Map<String, Set<Long>> others = new HashMap<>();
    for (Edge edge : deadlock.proof()) {
      if (!edge.isTurn() && edge.grant().session() != session.id()) {
        others
            .computeIfAbsent(edge.from().name(), name -> new HashSet<>())
            .add(edge.grant().session());
      }
    }
    return others;
  }

  Set<Long> otherSessions() {
    Set<Long> sessions = new HashSet<>();
    others().values().forEach(sessions::addAll);
    return sessions;
  }

  /** Whether the other nodes have composed what they say now after they said the other thing. */
  boolean isFresh(WaitGraph later) {
    return otherSessions().stream()
        .allMatch(other -> of(later.reports(), other).isComposedAfter(of(said, other)));
  }

  private static WaitReport of(Map<Long, WaitReport> reports, long session) {
    return reports.getOrDefault(session, WaitReport.NONE);
  }

  /** The deadlock stands; what arrived late is no beginning, but what was read since may be. */
  Suspicion again(WaitGraph later) {
    Map<Long, WaitReport> next = new HashMap<>(said);
    later
        .reports()
        .forEach(
            (other, now) -> {
              if (now.doubts(of(said, other))) {
                next.put(other, now);
              }
            });
    return new Suspicion(session, next, deadlock, attempts + 1);
  }
}
