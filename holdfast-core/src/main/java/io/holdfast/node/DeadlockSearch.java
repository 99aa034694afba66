package io.holdfast.node;

import io.holdfast.WaitChain;
import io.holdfast.engine.Calls;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.node.WaitGraph.Edge;
import io.holdfast.node.WaitGraph.Vertex;
import io.holdfast.rules.Command;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.WaitReport.Link;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for circles of waits that run through several nodes and through this one, and decides who
 * gives way. One search at a time.
 *
 * <p>For the maintainer. The youngest request of a circle gives way; only its own node acts, the
 * others remind that node.
 *
 * <p>Why it never fails anybody without a circle. Records are read as of now, but a report may be
 * stale: its owner may have given up since. So a circle is seen twice. After the first pass, at a
 * moment t, the reports of all its nodes are read once more, and the nodes are asked to report
 * again, until what they say was composed after a report that nobody could read at t, and so after
 * t. (A number that was read in the middle of the first pass will not do: the node may have spoken
 * again before the pass reached the other nodes. Nor will one that may have arrived late; see
 * {@link WaitReport#isComposedAfter}.) If the same waits still stand in it, and the same requests
 * and grants in the second reading of the records, then all edges stood at t, as none of them can
 * go and come back: requests and waits have numbers. (Asking along the edges is as in Chandy, Misra
 * and Haas, "Distributed Deadlock Detection", ACM TOCS 1983.)
 */
final class DeadlockSearch {

  private static final Logger LOG = LoggerFactory.getLogger(DeadlockSearch.class);

  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

  /** How often the other nodes of a circle are asked to confirm it, with growing pauses. */
  private static final int CONFIRMATIONS = 12;

  private static final int LONGEST_PAUSE_BITS = 7;

  /** Who has told another node to act leaves it the engine for a while. */
  private static final int REMINDER_PAUSE = 4;

  private final Engine engine;
  private final Environment environment;
  private final SessionKeeper keeper;
  private final Predicate<Link> stands;
  private final BiConsumer<Link, List<WaitChain.Link>> giveWay;
  private final AtomicBoolean searching = new AtomicBoolean();

  /** When the next search may begin: those who remind one another must not search all the time. */
  private volatile long notBefore;

  /**
   * A search that has not begun.
   *
   * @param stands whether a link of this node is still there
   * @param giveWay ends the wait at the end of a link of this node, and names the circle
   */
  DeadlockSearch(
      Engine engine,
      Environment environment,
      SessionKeeper keeper,
      Predicate<Link> stands,
      BiConsumer<Link, List<WaitChain.Link>> giveWay) {
    this.engine = engine;
    this.environment = environment;
    this.keeper = keeper;
    this.stands = stands;
    this.giveWay = giveWay;
    this.notBefore = environment.ticker().nanoTime();
  }

  /**
   * Begins to search for circles, unless a search is under way or has just ended.
   *
   * @param links of this node
   */
  void start(List<Link> links) {
    EngineSession session = keeper.session();
    boolean early = environment.ticker().nanoTime() - notBefore < 0;
    if (session != null && !early && searching.compareAndSet(false, true)) {
      Set<String> names = new HashSet<>();
      links.forEach(link -> names.add(link.wanted()));
      read(names, graph -> judge(session, links, graph));
    }
  }

  private void read(Collection<String> names, Consumer<WaitGraph> then) {
    ask(() -> WaitGraph.read(engine, names), then);
  }

  /** Goes on with the answer, or ends the search. */
  private <T> void ask(Supplier<CompletionStage<T>> call, Consumer<T> then) {
    answer(
        environment,
        call,
        (answer, failure) -> {
          if (answer != null) {
            then.accept(answer);
          } else {
            LOG.debug("a search for a deadlock has ended: {}", failure, failure);
            end();
          }
        });
  }

  /**
   * Continues on the scheduler with the answer of the engine or its failure, which not to answer
   * for long is, too.
   */
  @SuppressWarnings("FutureReturnValueIgnored") // Only reacts; it cannot fail.
  static <T> void answer(
      Environment environment,
      Supplier<CompletionStage<T>> call,
      BiConsumer<@Nullable T, @Nullable Throwable> then) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    Cancellable alarm =
        environment
            .scheduler()
            .schedule(() -> answer.completeExceptionally(new TimeoutException()), ANSWER_LIMIT);
    Calls.call(call)
        .whenComplete(
            (value, failure) -> {
              alarm.cancel();
              if (failure == null) {
                answer.complete(value);
              } else {
                answer.completeExceptionally(Calls.cause(failure));
              }
            });
    answer.whenComplete(
        (value, failure) ->
            environment.scheduler().schedule(() -> then.accept(value, failure), Duration.ZERO));
  }

  private void end() {
    end(1);
  }

  private void end(int pause) {
    notBefore = environment.ticker().nanoTime() + pause * engine.suspicion().toNanos();
    searching.set(false);
  }

  private void judge(EngineSession session, List<Link> links, WaitGraph graph) {
    Set<Vertex> own = new HashSet<>();
    for (Link link : links) {
      own.add(new Vertex(link.wanted(), new RequestId(session.id(), link.request())));
    }
    Set<Vertex> seen = new HashSet<>();
    int pause = 1;
    for (Vertex start : own) {
      Deadlock deadlock = seen.contains(start) ? null : Deadlock.of(graph, start).orElse(null);
      if (deadlock == null) {
        continue;
      }
      deadlock.proof().forEach(edge -> seen.add(edge.from()));
      if (deadlock.chosen().waiter().request().session() == session.id()) {
        suspect(session, deadlock);
        return;
      }
      remindHolder(session, deadlock);
      pause = REMINDER_PAUSE;
    }
    end(pause);
  }

  /** The node that is to act looks at once when it is asked for what it keeps. */
  private static void remindHolder(EngineSession session, Deadlock deadlock) {
    long other = deadlock.chosen().waiter().request().session();
    for (Edge edge : deadlock.cycle()) {
      if (!edge.isTurn() && edge.grant().session() == other) {
        session.remind(edge.from().name(), Set.of(other));
      }
    }
  }

  /** Notes what the nodes of a deadlock have said so far, to tell it from what they will say. */
  private void suspect(EngineSession session, Deadlock deadlock) {
    Suspicion first = new Suspicion(session, Map.of(), deadlock, 0);
    ask(
        () -> engine.reports(first.otherSessions()),
        said -> confirm(new Suspicion(session, said, deadlock, 0)));
  }

  /** Asks the other nodes of a deadlock whether they still wait, and looks again. */
  private void confirm(Suspicion suspicion) {
    suspicion.others().forEach(suspicion.session()::remind);
    int pauseBits = Math.min(suspicion.attempts() + 1, LONGEST_PAUSE_BITS);
    environment
        .scheduler()
        .schedule(() -> lookAgain(suspicion), Duration.ofMillis(1L << pauseBits));
  }

  private void lookAgain(Suspicion suspicion) {
    Set<String> names = new HashSet<>();
    suspicion.deadlock().proof().forEach(edge -> names.add(edge.from().name()));
    read(names, graph -> conclude(suspicion, graph));
  }

  private void conclude(Suspicion suspicion, WaitGraph later) {
    boolean stands = keeper.session() == suspicion.session() && later.has(suspicion.deadlock());
    if (stands && !suspicion.isFresh(later) && suspicion.attempts() < CONFIRMATIONS) {
      confirm(suspicion.again(later));
      return;
    }
    if (stands && suspicion.isFresh(later) && ownLinksStand(suspicion)) {
      act(suspicion, later);
    }
    end();
  }

  private boolean ownLinksStand(Suspicion suspicion) {
    return suspicion.deadlock().proof().stream()
        .filter(edge -> edge.grant().session() == suspicion.session().id())
        .flatMap(edge -> edge.link().stream())
        .allMatch(stands);
  }

  private void act(Suspicion suspicion, WaitGraph graph) {
    List<Edge> cycle = suspicion.deadlock().cycle();
    Edge first = cycle.get(0);
    if (first.isTurn()) {
      suspicion
          .session()
          .submit(first.from().name(), new Command.Pass(first.waiter().request()))
          .whenComplete(
              (reply, failure) -> LOG.debug("let {} past: {}", first.from(), reply, failure));
      return;
    }
    Edge last = cycle.get(cycle.size() - 1);
    last.link().ifPresent(link -> giveWay.accept(link, graph.owners(cycle)));
  }
}
