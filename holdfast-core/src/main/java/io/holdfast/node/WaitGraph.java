package io.holdfast.node;

import io.holdfast.LockReport.Party;
import io.holdfast.WaitChain;
import io.holdfast.engine.Engine;
import io.holdfast.engine.LockView;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.WaitReport.Link;
import io.holdfast.rules.WaitReport.Step;
import io.holdfast.rules.Waiter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/**
 * Who waits for whom among the nodes, as far as it can be reached from one lock: the records of
 * locks say which request waits for which grants, the reports of sessions say which grant waits for
 * which request. Its vertices are requests. Read lock by lock, so it is exact about each and about
 * no moment.
 *
 * @param locks those that are not at rest, by name
 * @param reports what the holders' sessions say, by session
 * @param complete whether the budget was enough
 */
public record WaitGraph(
    Map<String, LockView> locks, Map<Long, WaitReport> reports, boolean complete) {

  /** Which of two waits is the younger one; the same for everybody who looks at their records. */
  static final Comparator<Waiter> BY_AGE =
      Comparator.comparingLong(Waiter::since)
          .thenComparing(
              Waiter::request,
              Comparator.comparingLong(RequestId::session).thenComparingLong(RequestId::number));

  /** A request in the queue of a lock. */
  record Vertex(String name, RequestId request) {}

  /**
   * Why a request waits.
   *
   * @param from the request
   * @param waiter the same, as the lock's record has it
   * @param grant what is in its way; for a reader that waits only for its turn, the writer's
   *     request
   * @param link why the holder does not give it back; absent if {@code grant} is a writer's request
   * @param to what the holder waits for
   */
  record Edge(Vertex from, Waiter waiter, RequestId grant, Optional<Link> link, Vertex to) {

    /** Whether the request could be granted at once, past waiting writers. */
    boolean isTurn() {
      return link.isEmpty();
    }
  }

  // ---------------------------------------------------------------- reading

  /** Reads what can be reached from some locks, in breadth: two round trips for each step. */
  public static CompletionStage<WaitGraph> read(Engine engine, Collection<String> names) {
    return read(
        engine, new WaitGraph(new HashMap<>(), new HashMap<>(), true), new TreeSet<>(names));
  }

  private static CompletionStage<WaitGraph> read(
      Engine engine, WaitGraph known, Set<String> wanted) {
    if (wanted.isEmpty()) {
      return CompletableFuture.completedFuture(known);
    }
    if (known.locks.size() + wanted.size() > LocalWaits.BUDGET) {
      return CompletableFuture.completedFuture(new WaitGraph(known.locks, known.reports, false));
    }
    CompletionStage<List<LockView>> views = CompletableFuture.completedFuture(new ArrayList<>());
    for (String name : wanted) {
      views =
          views.thenCombine(
              engine.read(name),
              (found, view) -> {
                view.ifPresent(found::add);
                return found;
              });
    }
    return views.thenCompose(
        found -> {
          found.forEach(view -> known.locks.put(view.name(), view));
          return known.withReports(engine, found);
        });
  }

  private CompletionStage<WaitGraph> withReports(Engine engine, List<LockView> found) {
    Set<Long> unheard = new HashSet<>();
    for (LockView view : found) {
      view.record().grants().forEach(grant -> unheard.add(grant.request().session()));
    }
    unheard.removeAll(reports.keySet());
    CompletionStage<Map<Long, WaitReport>> heard =
        unheard.isEmpty() ? CompletableFuture.completedFuture(Map.of()) : engine.reports(unheard);
    return heard.thenCompose(
        answers -> {
          unheard.forEach(id -> reports.put(id, answers.getOrDefault(id, WaitReport.NONE)));
          Set<String> next = new LinkedHashSet<>();
          for (LockView view : found) {
            for (Grant grant : view.record().grants()) {
              links(view.name(), grant).forEach(link -> next.add(link.wanted()));
            }
          }
          next.removeAll(locks.keySet());
          return read(engine, this, next);
        });
  }

  private List<Link> links(String name, Grant grant) {
    return reports.getOrDefault(grant.request().session(), WaitReport.NONE).links().stream()
        .filter(link -> link.grant() == grant.request().number() && link.held().equals(name))
        .toList();
  }

  // ---------------------------------------------------------------- deadlocks

  /** A circle of requests that begins and ends with one; empty if it is on none. */
  List<Edge> cycle(Vertex start) {
    List<Edge> path = new ArrayList<>();
    return goesRound(start, start, path, new HashSet<>()) ? path : List.of();
  }

  private boolean goesRound(Vertex start, Vertex at, List<Edge> path, Set<Vertex> seen) {
    for (Edge edge : edges(at)) {
      if (!keep(at, List.of(edge))) {
        continue;
      }
      path.add(edge);
      if (edge.to().equals(start)
          || (seen.add(edge.to()) && goesRound(start, edge.to(), path, seen))) {
        return true;
      }
      path.remove(path.size() - 1);
    }
    return false;
  }

  /** All that is in the way of a request, as far as it waits itself. */
  List<Edge> edges(Vertex from) {
    LockView view = locks.get(from.name());
    Waiter waiter = view == null ? null : view.record().waiter(from.request()).orElse(null);
    if (view == null || waiter == null) {
      return List.of();
    }
    List<Edge> edges = new ArrayList<>();
    for (Grant grant : view.record().grants()) {
      if (grant.mode().isInTheWayOf(waiter.mode())) {
        for (Link link : links(from.name(), grant)) {
          RequestId wanted = new RequestId(grant.request().session(), link.request());
          Vertex to = new Vertex(link.wanted(), wanted);
          edges.add(new Edge(from, waiter, grant.request(), Optional.of(link), to));
        }
      }
    }
    edges.addAll(turns(from, waiter, view.record()));
    return edges;
  }

  /** A reader that could read beside those who do waits only for the writers before it. */
  private static List<Edge> turns(Vertex from, Waiter waiter, LockRecord record) {
    List<Edge> edges = new ArrayList<>();
    if (waiter.mode().isShared()
        && record.grants().stream().allMatch(grant -> grant.mode().isShared())) {
      for (Waiter ahead : record.queue()) {
        if (ahead.request().equals(waiter.request())) {
          break;
        }
        if (ahead.mode().isExclusive()) {
          Vertex to = new Vertex(from.name(), ahead.request());
          edges.add(new Edge(from, waiter, ahead.request(), Optional.empty(), to));
        }
      }
    }
    return edges;
  }

  boolean hasSemaphores() {
    return locks.values().stream().anyMatch(view -> isSemaphore(view.record()));
  }

  private static boolean isSemaphore(LockRecord record) {
    return record.kind().type() == LockKind.Type.SEMAPHORE;
  }

  /**
   * Whether a request cannot be granted before one of some edges ends. Of a lock each is enough.
   * Permits must be so many that the others are too few, for the request or for one before it, as
   * semaphores are granted in order.
   */
  boolean keep(Vertex from, List<Edge> edges) {
    LockView view = locks.get(from.name());
    if (edges.isEmpty() || view == null || !isSemaphore(view.record())) {
      return !edges.isEmpty();
    }
    LockRecord record = view.record();
    Set<RequestId> held = new HashSet<>();
    edges.forEach(edge -> held.add(edge.grant()));
    int kept =
        record.grants().stream()
            .filter(grant -> held.contains(grant.request()))
            .mapToInt(grant -> grant.mode().permits())
            .sum();
    return record.kind().permits() - kept < needed(record, from.request());
  }

  /** The most permits that a waiter or somebody before it waits for. */
  private static int needed(LockRecord record, RequestId request) {
    int needed = 0;
    for (Waiter waiter : record.queue()) {
      boolean last = waiter.request().equals(request);
      if (last || !waiter.tryOnly()) {
        needed = Math.max(needed, waiter.mode().permits());
      }
      if (last) {
        break;
      }
    }
    return needed;
  }

  /** Whether all edges of a deadlock are still there, and still enough. */
  boolean has(Deadlock deadlock) {
    Map<Vertex, List<Edge>> edges =
        deadlock.proof().stream().collect(Collectors.groupingBy(Edge::from));
    return edges.entrySet().stream()
        .allMatch(
            each ->
                edges(each.getKey()).containsAll(each.getValue())
                    && keep(each.getKey(), each.getValue()));
  }

  /** A reader that only has to be let past, or the youngest. */
  static Edge chosen(List<Edge> cycle) {
    return cycle.stream()
        .filter(Edge::isTurn)
        .max(Comparator.comparing(Edge::waiter, BY_AGE))
        .orElseGet(() -> youngest(cycle));
  }

  /** The youngest wait of a circle: the same, whoever computes it. */
  static Edge youngest(List<Edge> cycle) {
    return cycle.stream().max(Comparator.comparing(Edge::waiter, BY_AGE)).orElseThrow();
  }

  // ---------------------------------------------------------------- for people

  /**
   * The owners of a circle, beginning with the one whose request its first edge is.
   *
   * @param cycle as {@link #cycle} found it
   */
  List<WaitChain.Link> owners(List<Edge> cycle) {
    List<WaitChain.Link> owners = new ArrayList<>();
    for (Edge edge : cycle) {
      edge.link()
          .ifPresent(link -> owners.addAll(links(party(edge.from().name(), edge.grant()), link)));
    }
    // The first request belongs to the owner at the end of the last link.
    if (!owners.isEmpty()) {
      owners.add(0, owners.remove(owners.size() - 1));
    }
    return owners;
  }

  private Party party(String name, RequestId request) {
    LockView view = locks.get(name);
    return Party.of(
        request.session(), view == null ? null : view.sessions().get(request.session()));
  }

  static List<WaitChain.Link> links(Party party, Link link) {
    return link.steps().stream().map(step -> link(party, step)).toList();
  }

  static WaitChain.Link link(Party party, Step step) {
    return new WaitChain.Link(
        party,
        step.owner(),
        step.holds(),
        step.heldAs(),
        step.waitsFor(),
        step.wantedAs(),
        Instant.ofEpochMilli(step.since()));
  }

  /** The chain from a lock to its end; into a circle if there is one, else the longest. */
  public WaitChain chain(String name) {
    List<WaitChain.Link> best = new ArrayList<>();
    WaitChain.End end = longest(name, new ArrayList<>(), best, new HashSet<>());
    if (best.isEmpty()) {
      return new WaitChain(name, best, WaitChain.End.FREE);
    }
    boolean cut = end == WaitChain.End.RUNNING && !complete;
    return new WaitChain(name, best, cut ? WaitChain.End.TOO_LONG : end);
  }

  private WaitChain.End longest(
      String name, List<WaitChain.Link> path, List<WaitChain.Link> best, Set<String> passed) {
    LockView view = locks.get(name);
    if (view == null || !passed.add(name)) {
      return WaitChain.End.RUNNING;
    }
    for (Grant grant : view.record().grants()) {
      Party party = party(name, grant.request());
      List<Link> links =
          links(name, grant).stream().filter(link -> mayWait(party.session(), link)).toList();
      if (links.isEmpty()) {
        path.add(holder(party, name, grant));
        keepLonger(path, best);
        path.remove(path.size() - 1);
      }
      for (Link link : links) {
        path.addAll(links(party, link));
        keepLonger(path, best);
        boolean closed = path.stream().anyMatch(owner -> owner.holds().equals(link.wanted()));
        if (closed || longest(link.wanted(), path, best, passed) == WaitChain.End.CYCLE) {
          best.clear();
          best.addAll(path);
          return WaitChain.End.CYCLE;
        }
        path.subList(path.size() - link.steps().size(), path.size()).clear();
      }
    }
    return WaitChain.End.RUNNING;
  }

  /** Whether nothing says that the wait at the end of a link is over. */
  private boolean mayWait(long session, Link link) {
    LockView wanted = locks.get(link.wanted());
    return wanted == null
        ? !complete
        : wanted.record().waiter(new RequestId(session, link.request())).isPresent();
  }

  private static void keepLonger(List<WaitChain.Link> path, List<WaitChain.Link> best) {
    if (path.size() > best.size()) {
      best.clear();
      best.addAll(path);
    }
  }

  private static WaitChain.Link holder(Party party, String name, Grant grant) {
    return new WaitChain.Link(
        party, grant.owner(), name, grant.mode(), null, null, Instant.ofEpochMilli(grant.since()));
  }
}
