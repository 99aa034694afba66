package io.holdfast.sim;

import java.util.Map;
import java.util.TreeMap;

/** Counts what happened in simulated worlds: a run that never met a state has not tested it. */
public final class Coverage {

  private final Map<String, Long> counts = new TreeMap<>();

  /** Something happened. */
  public void count(String what) {
    counts.merge(what, 1L, Long::sum);
  }

  /** Adds what happened in another world. */
  public void addAll(Coverage other) {
    other.counts.forEach((what, times) -> counts.merge(what, times, Long::sum));
  }

  /** How often something happened. */
  public long of(String what) {
    return counts.getOrDefault(what, 0L);
  }

  /** Everything that happened, by name. */
  public Map<String, Long> all() {
    return counts;
  }
}
