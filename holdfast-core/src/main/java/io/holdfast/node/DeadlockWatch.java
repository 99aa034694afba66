package io.holdfast.node;

import io.holdfast.DeadlockException;
import io.holdfast.LockReport.Party;
import io.holdfast.WaitChain;
import io.holdfast.engine.Calls;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.engine.SessionTerms;
import io.holdfast.node.LocalWaits.Hop;
import io.holdfast.node.LocalWaits.Links;
import io.holdfast.node.LocalWaits.Wait;
import io.holdfast.node.WaitGraph.Edge;
import io.holdfast.node.WaitGraph.Vertex;
import io.holdfast.rules.Command;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.WaitReport.Link;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the deadlocks that this node is part of, and ends the waits that are to give way.
 *
 * <p>For the maintainer. Nothing happens while no wait lasts longer than {@link #GRACE_NANOS}; no
 * path of acquire or release is longer for it. After that:
 *
 * <ul>
 *   <li>A circle inside the node is found in {@link LocalWaits}.
 *   <li>Where an owner keeps a grant that another node wants and itself waits for a request, the
 *       node reports that link to the engine; after a moment of waiting, and whenever it is asked
 *       again for the grant.
 *   <li>A node with such a link reads the records and reports that it can reach ({@link WaitGraph})
 *       and looks for a circle through its own requests, more and more seldom. The youngest request
 *       of the circle gives way; only its own node acts, the others remind that node.
 * </ul>
 *
 * <p>Why it never fails anybody without a circle. Records are read as of now, but a report may be
 * stale: its owner may have given up since. So a circle is seen twice. After the first pass, which
 * ends at a moment t, all its nodes are asked to report again, until what they say was composed
 * after a report that nobody could read at t, and so after t. If the same waits still stand in it,
 * and the same requests and grants in the second reading of the records, then all edges stood at t,
 * as none of them can go and come back: requests and waits have numbers. (Asking along the edges is
 * as in Chandy, Misra and Haas, "Distributed Deadlock Detection", ACM TOCS 1983.)
 */
final class DeadlockWatch {

  private static final Logger LOG = LoggerFactory.getLogger(DeadlockWatch.class);

  /** How long a wait lasts before anybody looks at it. */
  static final long GRACE_NANOS = Duration.ofMillis(10).toNanos();

  /** Between two looks at the waits of this node. */
  private static final long LEAST_GAP_NANOS = Duration.ofMillis(1).toNanos();

  private static final long LARGEST_GAP_NANOS = Duration.ofSeconds(5).toNanos();

  /** How often the other nodes of a circle are asked to confirm it, with growing pauses. */
  private static final int CONFIRMATIONS = 12;

  private static final int LONGEST_PAUSE_BITS = 7;

  private final Engine engine;
  private final Environment environment;
  private final SessionKeeper keeper;
  private final SessionTerms terms;
  private final LocalWaits waits;

  /** Whether a look is due at once. */
  private final AtomicBoolean due = new AtomicBoolean();

  /** Whether another node has asked for something that is kept here. */
  private final AtomicBoolean reminded = new AtomicBoolean();

  private final ReentrantLock guard = new ReentrantLock();

  // Guarded by the guard, which is never taken under that of a lock.
  private Cancellable next = () -> {};
  private long gap;
  private boolean searching;
  private boolean reporting;
  private boolean unreported;
  private long reports;

  /** The number of the last report that the engine has taken. */
  private long readable;

  /** What the engine knows; {@code null} if that is not known. */
  private @Nullable List<Link> reported = List.of();

  private @Nullable EngineSession reportedTo;

  DeadlockWatch(Engine engine, Environment environment, SessionKeeper keeper, LocalWaits waits) {
    this.engine = engine;
    this.environment = environment;
    this.keeper = keeper;
    this.terms = keeper.terms();
    this.waits = waits;
  }

  // ---------------------------------------------------------------- what happens to waits

  /** A wait has lasted. Called without any guard. */
  Wait began(LocalLock lock, LocalWaiter waiter) {
    Environment.Ticker ticker = environment.ticker();
    Wait wait = waits.add(lock, waiter, ticker.nanoTime(), ticker.epochMillis());
    lookSoon();
    return wait;
  }

  /** A wait is over, however it ended. */
  void ended(Wait wait) {
    waits.remove(wait);
  }

  /** Another node waits for a grant of this one. May be called under the guard of a lock. */
  void onRevoked() {
    if (!waits.isEmpty()) {
      reminded.set(true);
      lookSoon();
    }
  }

  private void lookSoon() {
    if (due.compareAndSet(false, true)) {
      environment.scheduler().schedule(this::lookAnew, Duration.ofNanos(LEAST_GAP_NANOS));
    }
  }

  // ---------------------------------------------------------------- looking

  /** Something is new: looks now, and often again for a while. */
  private void lookAnew() {
    due.set(false);
    guard.lock();
    try {
      gap = suspicionNanos();
    } finally {
      guard.unlock();
    }
    look();
  }

  private long suspicionNanos() {
    return Math.max(GRACE_NANOS, engine.suspicion().toNanos());
  }

  private void look() {
    if (keeper.isClosed()) {
      return;
    }
    waits.entangled().forEach(this::endCircleOf);
    guard.lock();
    try {
      next.cancel();
      Links links = links();
      boolean asked = reminded.getAndSet(false) && !links.all().isEmpty();
      boolean elsewhere = !links.all().isEmpty() && keeper.session() != reportedTo;
      if (asked || elsewhere || !links.all().equals(reported)) {
        report(links.all());
      }
      if (!links.wanted().isEmpty() && !searching) {
        search(links.wanted());
      }
      if (!waits.isEmpty() || !List.of().equals(reported)) {
        next = environment.scheduler().schedule(this::look, nextGap());
      }
    } finally {
      guard.unlock();
    }
  }

  /**
   * Guarded. As soon as the youngest wait has lasted for long enough; then more and more seldom.
   */
  private Duration nextGap() {
    long young = waits.untilOlder(margin(), environment.ticker().nanoTime());
    if (young > 0) {
      return Duration.ofNanos(young);
    }
    double factor = 0.75 + 0.5 * environment.random().nextDouble();
    Duration pause = Duration.ofNanos((long) (gap * factor));
    gap = Math.min(2 * gap, LARGEST_GAP_NANOS);
    return pause;
  }

  /** How long a wait must have been watched before it is reported. */
  private long margin() {
    return suspicionNanos() - GRACE_NANOS;
  }

  /** Guarded. The links of the present session whose waits have lasted long enough. */
  private Links links() {
    EngineSession session = keeper.session();
    if (session == null || waits.isEmpty()) {
      return Links.NONE;
    }
    return waits.links(session, environment.ticker().nanoTime() - margin() + 1);
  }

  // ---------------------------------------------------------------- circles inside the node

  private void endCircleOf(Wait wait) {
    List<Hop> cycle = waits.cycle(wait);
    if (cycle.isEmpty() || !waits.stands(cycle)) {
      return;
    }
    for (Hop hop : cycle) {
      if (hop.holder().token() == LocalLock.NOT_GRANTED
          && hop.waiting().lock.letPast(hop.waiting().waiter)) {
        return;
      }
    }
    Wait youngest =
        cycle.stream()
            .map(Hop::waiting)
            .max(Comparator.comparingLong(member -> member.number))
            .orElseThrow();
    EngineSession session = keeper.session();
    Party self = Party.of(session == null ? 0 : session.id(), terms);
    fail(
        youngest,
        LocalWaits.steps(cycle, youngest).stream()
            .map(step -> WaitGraph.link(self, step))
            .toList());
  }

  private void fail(Wait wait, List<WaitChain.Link> cycle) {
    Instant now = Instant.ofEpochMilli(environment.ticker().epochMillis());
    DeadlockException deadlock = new DeadlockException(cycle, now);
    if (wait.lock.refuse(wait.waiter, deadlock)) {
      LOG.info("{} of this node gives way: {}", wait.waiter.owner, deadlock.getMessage());
    }
  }

  // ---------------------------------------------------------------- reports

  /** Guarded. One report at a time: the next one is composed when this one has been answered. */
  private void report(List<Link> links) {
    EngineSession session = keeper.session();
    if (reporting || session == null) {
      unreported = true;
      return;
    }
    if (links.isEmpty() && session != reportedTo) {
      reported = links;
      return;
    }
    reporting = true;
    unreported = false;
    reported = links;
    reportedTo = session;
    WaitReport report = new WaitReport(++reports, readable, links);
    Calls.call(() -> session.report(report))
        .whenComplete(
            (done, failure) ->
                environment.scheduler().schedule(() -> onReported(report, failure), Duration.ZERO));
  }

  private void onReported(WaitReport report, @Nullable Throwable failure) {
    boolean again;
    guard.lock();
    try {
      reporting = false;
      if (failure != null) {
        LOG.debug("a report of waits was not taken; the next one may be", failure);
        reported = null;
      } else {
        readable = report.number();
      }
      again = unreported && failure == null;
    } finally {
      guard.unlock();
    }
    if (again) {
      reminded.set(true);
      look();
    }
  }

  // ---------------------------------------------------------------- circles among nodes

  /** Guarded. */
  private void search(List<Link> links) {
    EngineSession session = keeper.session();
    if (session == null) {
      return;
    }
    Set<String> names = new HashSet<>();
    links.forEach(link -> names.add(link.wanted()));
    searching = true;
    Calls.call(() -> WaitGraph.read(engine, names))
        .whenComplete(
            (graph, failure) -> {
              Runnable then =
                  failure == null ? () -> judge(session, links, graph) : this::endSearch;
              environment.scheduler().schedule(then, Duration.ZERO);
            });
  }

  private void endSearch() {
    guard.lock();
    try {
      searching = false;
    } finally {
      guard.unlock();
    }
  }

  private void judge(EngineSession session, List<Link> links, WaitGraph graph) {
    Set<Vertex> own = new HashSet<>();
    for (Link link : links) {
      own.add(new Vertex(link.wanted(), new RequestId(session.id(), link.request())));
    }
    Set<Vertex> seen = new HashSet<>();
    for (Vertex start : own) {
      List<Edge> cycle = seen.contains(start) ? List.of() : graph.cycle(start);
      if (cycle.isEmpty()) {
        continue;
      }
      cycle.forEach(edge -> seen.add(edge.from()));
      Edge chosen = chosen(cycle);
      if (chosen.waiter().request().session() == session.id()) {
        confirm(new Suspicion(session, graph, turned(cycle, chosen), 0));
        return;
      }
      remindHolder(session, cycle, chosen);
    }
    endSearch();
  }

  /** A reader that only has to be let past, or the youngest. */
  private static Edge chosen(List<Edge> cycle) {
    return cycle.stream()
        .filter(Edge::isTurn)
        .max(Comparator.comparing(Edge::waiter, WaitGraph.BY_AGE))
        .orElseGet(() -> WaitGraph.youngest(cycle));
  }

  private static List<Edge> turned(List<Edge> cycle, Edge first) {
    int start = cycle.indexOf(first);
    List<Edge> turned = new ArrayList<>(cycle.subList(start, cycle.size()));
    turned.addAll(cycle.subList(0, start));
    return turned;
  }

  /** The node that is to act looks at once when it is asked for what it keeps. */
  private static void remindHolder(EngineSession session, List<Edge> cycle, Edge chosen) {
    long other = chosen.waiter().request().session();
    for (Edge edge : cycle) {
      if (!edge.isTurn() && edge.grant().session() == other) {
        session.remind(edge.from().name(), Set.of(other));
      }
    }
  }

  /**
   * A circle that was seen once.
   *
   * @param graph the first pass
   * @param cycle begins with the request that is to give way
   * @param attempts how often the others have been asked to confirm
   */
  private record Suspicion(EngineSession session, WaitGraph graph, List<Edge> cycle, int attempts) {

    Suspicion again() {
      return new Suspicion(session, graph, cycle, attempts + 1);
    }

    /** Whether the other nodes have composed what they say now after the first pass. */
    boolean isFresh(WaitGraph later) {
      for (Edge edge : cycle) {
        long other = edge.grant().session();
        if (!edge.isTurn() && other != session.id()) {
          long before = graph.reports().getOrDefault(other, WaitReport.NONE).number();
          if (later.reports().getOrDefault(other, WaitReport.NONE).after() <= before) {
            return false;
          }
        }
      }
      return true;
    }
  }

  /** Asks the other nodes of a circle whether they still wait, and looks again. */
  private void confirm(Suspicion suspicion) {
    Map<String, Set<Long>> asked = new HashMap<>();
    for (Edge edge : suspicion.cycle()) {
      if (!edge.isTurn() && edge.grant().session() != suspicion.session().id()) {
        asked
            .computeIfAbsent(edge.from().name(), name -> new HashSet<>())
            .add(edge.grant().session());
      }
    }
    asked.forEach(suspicion.session()::remind);
    int pauseBits = Math.min(suspicion.attempts() + 1, LONGEST_PAUSE_BITS);
    environment
        .scheduler()
        .schedule(() -> lookAgain(suspicion), Duration.ofMillis(1L << pauseBits));
  }

  private void lookAgain(Suspicion suspicion) {
    Set<String> names = new HashSet<>();
    suspicion.cycle().forEach(edge -> names.add(edge.from().name()));
    Calls.call(() -> WaitGraph.read(engine, names))
        .whenComplete(
            (graph, failure) -> {
              Runnable then = failure == null ? () -> conclude(suspicion, graph) : this::endSearch;
              environment.scheduler().schedule(then, Duration.ZERO);
            });
  }

  private void conclude(Suspicion suspicion, WaitGraph later) {
    boolean stands = keeper.session() == suspicion.session() && later.has(suspicion.cycle());
    if (stands && !suspicion.isFresh(later) && suspicion.attempts() < CONFIRMATIONS) {
      confirm(suspicion.again());
      return;
    }
    if (stands && suspicion.isFresh(later) && ownLinksStand(suspicion)) {
      giveWay(suspicion, later);
    }
    endSearch();
  }

  /** What this node reported is known here better than in the reports. */
  private boolean ownLinksStand(Suspicion suspicion) {
    guard.lock();
    try {
      List<Link> now = links().wanted();
      return suspicion.cycle().stream()
          .filter(edge -> edge.grant().session() == suspicion.session().id())
          .flatMap(edge -> edge.link().stream())
          .allMatch(now::contains);
    } finally {
      guard.unlock();
    }
  }

  private void giveWay(Suspicion suspicion, WaitGraph graph) {
    Edge first = suspicion.cycle().get(0);
    if (first.isTurn()) {
      suspicion
          .session()
          .submit(first.from().name(), new Command.Pass(first.waiter().request()))
          .whenComplete(
              (reply, failure) -> LOG.debug("let {} past: {}", first.from(), reply, failure));
      return;
    }
    Edge last = suspicion.cycle().get(suspicion.cycle().size() - 1);
    last.link()
        .map(link -> link.steps().get(link.steps().size() - 1))
        .map(step -> waits.find(step.number()))
        .ifPresent(wait -> fail(wait, graph.owners(suspicion.cycle())));
  }
}
