package io.holdfast.node;

import io.holdfast.engine.EngineSession;
import io.holdfast.rules.Mode;
import io.holdfast.rules.WaitReport.Link;
import io.holdfast.rules.WaitReport.Step;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The waits of a node that have lasted for a moment, by owner, and what they mean together: which
 * owners of this node wait for one another, and which grants of this node wait for which of its
 * requests. Thread-safe. Looks at one lock after the other, so what it says of several was true of
 * each at its own moment; {@link DeadlockWatch} looks twice before it acts.
 */
final class LocalWaits {

  /** How many owners one search looks at before it ends without a result. */
  static final int BUDGET = 1_000;

  /** How many links of grants that nobody else wants a report has. */
  private static final int MOST_UNWANTED = 50;

  /** How much one report may hold, in characters of names and labels, below the limit of stores. */
  private static final int MAX_REPORT_CHARACTERS = 40_000;

  /** One owner in one queue of this node. */
  static final class Wait {
    final LocalLock lock;
    final LocalWaiter waiter;

    /** Tells it from all other waits of the node; later ones are larger. */
    final long number;

    /** When it was noticed, on the ticker and on the wall. */
    final long began;

    final long since;

    private Wait(LocalLock lock, LocalWaiter waiter, long number, long began, long since) {
      this.lock = lock;
      this.waiter = waiter;
      this.number = number;
      this.began = began;
      this.since = since;
    }
  }

  /**
   * An owner that holds a lock.
   *
   * @param token of the hold, so that a later hold of the same owner is another one
   */
  record Holder(Object owner, Mode mode, long token) {}

  /**
   * What a waiter waits for; all of it.
   *
   * @param holders who of this node holds the lock in its way
   * @param asks what was asked of the engine for it
   * @param writers whom of this node it has to let go first, though it could share with the holders
   */
  record Blockers(List<Holder> holders, List<Ask> asks, List<LocalWaiter> writers) {

    static final Blockers NONE = new Blockers(List.of(), List.of(), List.of());
  }

  /** A grant, and who of this node uses it. */
  record Kept(Ask ask, List<Holder> holders) {}

  /** One wait of a circle, and what keeps it there: a hold of the next wait's owner. */
  record Hop(Wait waiting, Holder holder) {}

  private final Map<String, Participant> active;
  private final ConcurrentMap<Object, List<Wait>> byOwner = new ConcurrentHashMap<>();
  private final AtomicLong numbers = new AtomicLong();

  LocalWaits(Map<String, Participant> active) {
    this.active = active;
  }

  Wait add(LocalLock lock, LocalWaiter waiter, long now, long epochMillis) {
    Wait wait = new Wait(lock, waiter, numbers.incrementAndGet(), now, epochMillis);
    byOwner.merge(PermitOwner.acquirer(waiter.owner), List.of(wait), LocalWaits::joined);
    return wait;
  }

  private static List<Wait> joined(List<Wait> some, List<Wait> more) {
    List<Wait> all = new ArrayList<>(some);
    all.addAll(more);
    return List.copyOf(all);
  }

  void remove(Wait wait) {
    byOwner.computeIfPresent(
        PermitOwner.acquirer(wait.waiter.owner),
        (owner, waits) -> {
          List<Wait> rest = waits.stream().filter(other -> other != wait).toList();
          return rest.isEmpty() ? null : rest;
        });
  }

  boolean isEmpty() {
    return byOwner.isEmpty();
  }

  /** The waits of those who hold what others of this node wait for: any circle has one of them. */
  Set<Wait> entangled() {
    // In an order that is the same on every run of a simulation.
    Set<LocalLock> locks = new LinkedHashSet<>();
    byOwner.values().stream()
        .flatMap(List::stream)
        .sorted(Comparator.comparingLong(wait -> wait.number))
        .forEach(wait -> locks.add(wait.lock));
    Set<Wait> entangled = new LinkedHashSet<>();
    for (LocalLock lock : locks) {
      lock.holdersNow().forEach(holder -> entangled.addAll(of(holder.owner())));
    }
    return entangled;
  }

  /** How long it takes until all waits have lasted for a time; zero or less if they have. */
  long untilOlder(long nanos, long now) {
    long longest = 0;
    for (List<Wait> waits : byOwner.values()) {
      for (Wait wait : waits) {
        longest = Math.max(longest, nanos - (now - wait.began));
      }
    }
    return longest;
  }

  private List<Wait> of(Object owner) {
    return byOwner.getOrDefault(PermitOwner.acquirer(owner), List.of());
  }

  // ---------------------------------------------------------------- for the engine

  /**
   * Which grants of a session wait for which of its requests.
   *
   * @param before only waits that began before this moment (ticker time)
   */
  Links links(EngineSession session, long before) {
    Exploration wanted = new Exploration(session, before);
    Exploration unwanted = new Exploration(session, before);
    for (Participant participant : active.values()) {
      for (Kept kept : participant.kept()) {
        if (kept.ask().session == session) {
          (kept.ask().revoked ? wanted : unwanted).explore(participant.name(), kept);
        }
      }
    }
    List<Link> all = new ArrayList<>(wanted.links);
    unwanted.links.stream().limit(MOST_UNWANTED).forEach(all::add);
    return new Links(List.copyOf(all), List.copyOf(wanted.links));
  }

  /**
   * The links of a session.
   *
   * @param all those of grants that nobody else wants included, which are there for people
   * @param wanted those of grants that others want: only these can be part of a circle
   */
  record Links(List<Link> all, List<Link> wanted) {

    static final Links NONE = new Links(List.of(), List.of());
  }

  /** The lock that an exploration starts from, and what the node keeps of it. */
  private record Start(String name, Kept kept) {}

  /** Follows the waits of the owners that keep grants, to the requests at their ends. */
  private final class Exploration {
    private final EngineSession session;
    private final long before;
    private final List<Link> links = new ArrayList<>();
    private final List<Step> path = new ArrayList<>();
    private final Set<Step> counted = new HashSet<>();
    private int characters;

    Exploration(EngineSession session, long before) {
      this.session = session;
      this.before = before;
    }

    void explore(String name, Kept kept) {
      Set<Long> seen = new HashSet<>();
      for (Holder holder : kept.holders()) {
        follow(new Start(name, kept), name, holder, seen);
      }
    }

    private void follow(Start start, String holds, Holder holder, Set<Long> seen) {
      for (Wait wait : of(holder.owner())) {
        if (wait.began - before >= 0 || seen.size() >= BUDGET || !seen.add(wait.number)) {
          continue;
        }
        path.add(step(holds, holder, wait));
        Blockers blockers = wait.lock.blockersOf(wait.waiter);
        if (!blockers.writers().isEmpty()) {
          // It keeps others waiting while it waits for nothing but its turn: it may read at once.
          wait.lock.letPast(wait.waiter);
        }
        for (Ask ask : blockers.asks()) {
          if (ask.session == session) {
            add(start, wait.lock.name, ask);
          }
        }
        for (Holder next : blockers.holders()) {
          follow(start, wait.lock.name, next, seen);
        }
        path.remove(path.size() - 1);
      }
    }

    private void add(Start start, String wanted, Ask ask) {
      characters += start.name().length() + wanted.length() + 3 * path.size();
      path.stream().filter(counted::add).forEach(step -> characters += length(step));
      if (characters < MAX_REPORT_CHARACTERS) {
        long held = start.kept().ask().request.number();
        links.add(new Link(start.name(), held, wanted, ask.request.number(), path));
      }
    }
  }

  private static int length(Step step) {
    return step.owner().length() + step.holds().length() + step.waitsFor().length() + 20;
  }

  private static Step step(String holds, Holder holder, Wait wait) {
    return new Step(
        LocalLock.label(holder.owner()),
        holds,
        holder.mode(),
        wait.lock.name,
        wait.waiter.mode,
        wait.since,
        wait.number);
  }

  // ---------------------------------------------------------------- inside the node

  /**
   * A circle of waits inside the node that begins and ends with a wait; empty if there is none, or
   * if it is longer than the budget.
   */
  List<Hop> cycle(Wait start) {
    List<Hop> path = new ArrayList<>();
    return goesRound(start, start, path, new HashSet<>()) ? path : List.of();
  }

  private boolean goesRound(Wait start, Wait at, List<Hop> path, Set<Long> seen) {
    for (Hop hop : hops(at)) {
      path.add(hop);
      for (Wait next : of(hop.holder().owner())) {
        if (next == start) {
          return true;
        }
        if (seen.size() < BUDGET && seen.add(next.number) && goesRound(start, next, path, seen)) {
          return true;
        }
      }
      path.remove(path.size() - 1);
    }
    return false;
  }

  /** A writer that a reader waits behind is in its way like a holder, but one to get past. */
  private static List<Hop> hops(Wait wait) {
    Blockers blockers = wait.lock.blockersOf(wait.waiter);
    List<Hop> hops = new ArrayList<>();
    for (LocalWaiter writer : blockers.writers()) {
      hops.add(new Hop(wait, new Holder(writer.owner, writer.mode, LocalLock.NOT_GRANTED)));
    }
    for (Holder holder : blockers.holders()) {
      hops.add(new Hop(wait, holder));
    }
    return hops;
  }

  /** Whether every hop of a circle still stands: then all of them stood at one moment. */
  boolean stands(List<Hop> cycle) {
    return cycle.stream().allMatch(hop -> hops(hop.waiting()).contains(hop));
  }

  /** The steps of a circle, beginning with the owner of a wait. */
  static List<Step> steps(List<Hop> cycle, Wait first) {
    List<Step> steps = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < cycle.size(); i++) {
      // Who waits in a hop holds what the hop before it waits for.
      Hop hop = cycle.get(i);
      Hop before = cycle.get((i + cycle.size() - 1) % cycle.size());
      if (hop.waiting() == first) {
        start = i;
      }
      steps.add(step(before.waiting().lock.name, before.holder(), hop.waiting()));
    }
    List<Step> turned = new ArrayList<>(steps.subList(start, steps.size()));
    turned.addAll(steps.subList(0, start));
    return turned;
  }

  /** The wait with a number; {@code null} if it is over. */
  @Nullable Wait find(long number) {
    for (List<Wait> waits : byOwner.values()) {
      for (Wait wait : waits) {
        if (wait.number == number) {
          return wait;
        }
      }
    }
    return null;
  }
}
