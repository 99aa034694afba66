package io.holdfast.node;

import io.holdfast.node.WaitGraph.Edge;
import io.holdfast.node.WaitGraph.Vertex;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for one another, so that none of them can be granted before another one ends.
 *
 * <p>For the maintainer. Who waits for a lock waits for each of its holders, so one circle is
 * enough and is all of the proof. Who waits for permits goes on when enough of the holders give
 * theirs back, whoever they are; so it is no deadlock as long as enough of them run. That is told
 * by reducing the graph: whoever can be granted when all who run have given back what they hold is
 * taken out, until nothing changes (Holt, "Some Deadlock Properties of Computer Systems", ACM
 * Computing Surveys 1972). What is left waits for ever. Only those who wait for nobody but one
 * another are to blame: one of them must give way, and others that are left wait for them.
 *
 * @param cycle a circle through all of which it leads, beginning with the request that is to give
 *     way
 * @param proof all that keeps the requests waiting
 */
record Deadlock(List<Edge> cycle, List<Edge> proof) {

  /** The deadlock that a request is part of. */
  static Optional<Deadlock> of(WaitGraph graph, Vertex start) {
    List<Edge> cycle = graph.cycle(start);
    if (!cycle.isEmpty()) {
      return Optional.of(new Deadlock(turned(cycle, WaitGraph.chosen(cycle)), cycle));
    }
    return graph.hasSemaphores() ? knot(graph, start) : Optional.empty();
  }

  private static List<Edge> turned(List<Edge> cycle, Edge first) {
    int start = cycle.indexOf(first);
    List<Edge> turned = new ArrayList<>(cycle.subList(start, cycle.size()));
    turned.addAll(cycle.subList(0, start));
    return turned;
  }

  /** The request that is to give way. */
  Edge chosen() {
    return cycle.get(0);
  }

  // ---------------------------------------------------------------- permits

  private static Optional<Deadlock> knot(WaitGraph graph, Vertex start) {
    Map<Vertex, List<Edge>> stuck = reduced(reachable(start, graph::edges), graph);
    Map<Vertex, List<Edge>> knot = within(stuck, start);
    boolean closed = knot.keySet().stream().allMatch(at -> within(stuck, at).containsKey(start));
    if (knot.isEmpty() || !closed) {
      return Optional.empty();
    }
    List<Edge> proof = knot.values().stream().flatMap(List::stream).toList();
    return Optional.of(new Deadlock(round(knot, WaitGraph.youngest(proof).from()), proof));
  }

  /** Takes out whoever can be granted, and what is kept by none but them, again and again. */
  private static Map<Vertex, List<Edge>> reduced(Map<Vertex, List<Edge>> all, WaitGraph graph) {
    Map<Vertex, List<Edge>> stuck = new LinkedHashMap<>(all);
    boolean changed = true;
    while (changed) {
      stuck.replaceAll(
          (at, edges) -> edges.stream().filter(edge -> stuck.containsKey(edge.to())).toList());
      changed = stuck.entrySet().removeIf(each -> !graph.keep(each.getKey(), each.getValue()));
    }
    return stuck;
  }

  /** What can be reached from a request; empty if it is not there. */
  private static Map<Vertex, List<Edge>> within(Map<Vertex, List<Edge>> stuck, Vertex start) {
    return reachable(start, stuck::get);
  }

  /**
   * What can be reached from a request, up to the budget.
   *
   * @param edgesOf the edges of a vertex; {@code null} if it is not there
   */
  private static Map<Vertex, List<Edge>> reachable(
      Vertex start, Function<Vertex, @Nullable List<Edge>> edgesOf) {
    Map<Vertex, List<Edge>> found = new LinkedHashMap<>();
    Deque<Vertex> next = new ArrayDeque<>(List.of(start));
    while (!next.isEmpty() && found.size() < LocalWaits.BUDGET) {
      Vertex at = next.remove();
      List<Edge> edges = found.containsKey(at) ? null : edgesOf.apply(at);
      if (edges != null) {
        found.put(at, edges);
        edges.forEach(edge -> next.add(edge.to()));
      }
    }
    return found;
  }

  /** A shortest way from a request back to it. */
  private static List<Edge> round(Map<Vertex, List<Edge>> knot, Vertex start) {
    Set<Vertex> seen = new HashSet<>();
    Deque<List<Edge>> ways = new ArrayDeque<>(List.of(List.of()));
    while (!ways.isEmpty()) {
      List<Edge> way = ways.remove();
      Vertex at = way.isEmpty() ? start : way.get(way.size() - 1).to();
      if (at.equals(start) && !way.isEmpty()) {
        return way;
      }
      if (seen.add(at)) {
        for (Edge edge : knot.getOrDefault(at, List.of())) {
          List<Edge> longer = new ArrayList<>(way);
          longer.add(edge);
          ways.add(longer);
        }
      }
    }
    throw new IllegalStateException(start + " is not in the knot; report this as a bug");
  }
}
