package io.holdfast.node;

import io.holdfast.DeadlockException;
import io.holdfast.LockReport.Party;
import io.holdfast.WaitChain;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.engine.SessionTerms;
import io.holdfast.node.LocalWaits.Hop;
import io.holdfast.node.LocalWaits.Links;
import io.holdfast.node.LocalWaits.Wait;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.WaitReport.Link;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
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
 */
final class DeadlockWatch {

  private static final Logger LOG = LoggerFactory.getLogger(DeadlockWatch.class);

  /** How long a wait lasts before anybody looks at it. */
  static final long GRACE_NANOS = Duration.ofMillis(10).toNanos();

  /** Between two looks at the waits of this node. */
  private static final long LEAST_GAP_NANOS = Duration.ofMillis(1).toNanos();

  private static final long LARGEST_GAP_NANOS = Duration.ofSeconds(5).toNanos();

  private final Engine engine;
  private final Environment environment;
  private final SessionKeeper keeper;
  private final SessionTerms terms;
  private final LocalWaits waits;
  private final DeadlockSearch search;

  /** Whether the last report had links. */
  private volatile boolean saysSomething;

  /** Whether a look is due at once. */
  private final AtomicBoolean due = new AtomicBoolean();

  /** Whether another node has asked for something that is kept here. */
  private final AtomicBoolean reminded = new AtomicBoolean();

  private final ReentrantLock guard = new ReentrantLock();

  // Guarded by the guard, which is never taken under that of a lock.
  private Cancellable next = () -> {};
  private long gap;
  private boolean reporting;
  private boolean unreported;
  private long reports;

  /** The number of the last report that the engine has taken. */
  private long readable;

  /** The number of the last report of which that is not known. */
  private long doubt;

  /** What the engine knows; {@code null} if that is not known. */
  private @Nullable List<Link> reported = List.of();

  private @Nullable EngineSession reportedTo;

  DeadlockWatch(Engine engine, Environment environment, SessionKeeper keeper, LocalWaits waits) {
    this.engine = engine;
    this.environment = environment;
    this.keeper = keeper;
    this.terms = keeper.terms();
    this.waits = waits;
    this.search = new DeadlockSearch(engine, environment, keeper, this::stillStands, this::giveWay);
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
    if (saysSomething) {
      // Whoever looks should not be told for long of waits that are over.
      lookSoon();
    }
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
      if (!links.wanted().isEmpty()) {
        search.start(links.wanted());
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
    List<Hop> turns =
        cycle.stream().filter(hop -> hop.holder().token() == LocalLock.NOT_GRANTED).toList();
    if (!turns.isEmpty()) {
      letOnePast(turns);
      return;
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

  /** Where nobody can be let past any more, the circle does not stand any more either. */
  private static void letOnePast(List<Hop> turns) {
    for (Hop turn : turns) {
      if (turn.waiting().lock.letPast(turn.waiting().waiter)) {
        return;
      }
    }
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
      saysSomething = false;
      return;
    }
    reporting = true;
    unreported = false;
    reported = links;
    saysSomething = !links.isEmpty();
    reportedTo = session;
    WaitReport report = new WaitReport(++reports, readable, doubt, links);
    DeadlockSearch.answer(
        environment, () -> session.report(report), (done, failure) -> onReported(report, failure));
  }

  private void onReported(WaitReport report, @Nullable Throwable failure) {
    boolean again;
    guard.lock();
    try {
      reporting = false;
      if (failure != null) {
        LOG.debug("a report of waits was not taken; the next one may be", failure);
        reported = null;
        doubt = report.number();
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

  /** What this node reported is known here better than in the reports. */
  private boolean stillStands(Link link) {
    guard.lock();
    try {
      return links().wanted().contains(link);
    } finally {
      guard.unlock();
    }
  }

  /** The owner at the end of a link gives way. */
  private void giveWay(Link link, List<WaitChain.Link> cycle) {
    Wait wait = waits.find(link.steps().get(link.steps().size() - 1).number());
    if (wait != null) {
      fail(wait, cycle);
    }
  }
}
