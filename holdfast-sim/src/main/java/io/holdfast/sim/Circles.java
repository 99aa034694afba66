package io.holdfast.sim;

import io.holdfast.DeadlockException;
import io.holdfast.Owner;
import io.holdfast.WaitChain;
import io.holdfast.rules.Mode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Who truly waits for whom among the users of a world, and whether the search for deadlocks agrees.
 *
 * <ul>
 *   <li>Nobody gives way without a circle: what a {@link DeadlockException} tells begins with the
 *       wait that it ended, leads back to it, and all of it was true at one moment.
 *   <li>No circle stands for long while all is well.
 * </ul>
 *
 * <p>For the maintainer. A user holds from the moment at which a call gave him a hold until just
 * before he gives it back, and waits from just before a call until it returns. So whoever holds and
 * waits by the node's view does so by this one, and each circle of the node is one here. A circle
 * closes when a wait begins, because whoever is handed a hold waits for nothing at that moment.
 * Only a call for several locks knows how many of them it holds already; here it may be at each of
 * its {@link Place}s.
 */
final class Circles {

  private static final long MILLISECOND = 1_000_000;

  /** How many waits of one user are remembered: more than fit into the longest search. */
  private static final int MEMORY = 1_000;

  /** A call that waits for a lock, or for several one after the other. */
  final class Wait implements AutoCloseable {
    private final Machine machine;
    private final int life;
    private final Object owner;
    private final List<String> names;
    private final Mode mode;

    /** What the owner has in hand meanwhile. */
    private final Set<String> holding;

    private final long begun = simulator.now();
    private long ended = Long.MAX_VALUE;

    private Wait(
        Machine machine, Object owner, List<String> names, Mode mode, Set<String> holding) {
      this.machine = machine;
      this.life = machine.life();
      this.owner = owner;
      this.names = names;
      this.mode = mode;
      this.holding = holding;
    }

    /** The call failed with this. */
    void gaveWay(DeadlockException deadlock) {
      coverage.count("circle: gave way");
      List<WaitChain.Link> told = deadlock.cycle();
      boolean closed = told.size() > 1 && says(told.get(0));
      for (int i = 0; i < told.size(); i++) {
        WaitChain.Link next = told.get((i + 1) % told.size());
        Mode wanted = told.get(i).wantedAs();
        closed &= next.holds().equals(told.get(i).waitsFor());
        closed &= wanted != null && (wanted.isExclusive() || next.heldAs().isExclusive());
      }
      if (!closed) {
        simulator.violated(this + " was told of what is no circle: " + deadlock, deadlock);
      } else if (!wasTrue(told)) {
        simulator.violated(this + " gave way, and was on no circle: " + deadlock, deadlock);
      }
    }

    /** Whether this wait is what was told. */
    private boolean says(WaitChain.Link told) {
      return names.contains(told.waitsFor())
          && (holding.contains(told.holds()) || names.contains(told.holds()));
    }

    private boolean stands() {
      return ended == Long.MAX_VALUE && machine.isUp() && machine.life() == life;
    }

    private boolean stoodAt(long moment) {
      return begun <= moment && moment <= ended;
    }

    private boolean isOf(Beliefs.Belief belief) {
      return belief.isAlive() && belief.owner().equals(owner);
    }

    /** The call returns. */
    @Override
    public void close() {
      ended = simulator.now();
      waits.remove(this);
      retire(circle -> circle.has(this));
    }

    @Override
    public String toString() {
      return label(owner) + ", who holds " + holding + " and waits for " + names + " " + mode;
    }
  }

  /** A wait at one of its locks: it holds those before, and waits for this one. */
  private record Place(Wait call, int index) {
    String name() {
      return call.names.get(index);
    }
  }

  /**
   * Why a wait lasts.
   *
   * @param held by whom the lock is held; {@code null} if by a call for several
   */
  private record Hop(Place from, Beliefs.@Nullable Belief held, Place to) {

    boolean stands() {
      return from.call.stands() && (held == null || !held.isOver());
    }
  }

  private record Circle(List<Hop> hops, long since) {

    boolean has(Wait wait) {
      return hops.stream().anyMatch(hop -> hop.from.call == wait);
    }
  }

  private final Simulator simulator;
  private final Coverage coverage;
  private final Beliefs beliefs;
  private final long hopNanos;
  private final Set<Wait> waits = new LinkedHashSet<>();

  /** What each user waited for, the latest first. */
  private final Map<String, Deque<Wait>> past = new HashMap<>();

  private final List<Circle> circles = new ArrayList<>();

  /**
   * Nobody waits.
   *
   * @param usualDelay of a message, in nanoseconds
   */
  Circles(Simulator simulator, Coverage coverage, Beliefs beliefs, long usualDelay) {
    this.simulator = simulator;
    this.coverage = coverage;
    this.beliefs = beliefs;
    // Four messages to read a record and a report, each at most twice as long as usual, and that
    // for a search that had just begun, for the one that finds it and for the one that confirms.
    this.hopNanos = 24 * usualDelay;
  }

  /**
   * A user begins to wait.
   *
   * @param names all that are to be acquired, in the order in which that happens
   */
  Wait begins(Machine machine, Object owner, List<String> names, Mode mode) {
    Wait wait = new Wait(machine, owner, names, mode, beliefs.heldBy(owner));
    waits.add(wait);
    Deque<Wait> mine = past.computeIfAbsent(label(owner), first -> new ArrayDeque<>());
    mine.addFirst(wait);
    if (mine.size() > MEMORY) {
      mine.removeLast();
    }
    for (int i = 0; i < names.size(); i++) {
      List<Hop> circle = circleThrough(new Place(wait, i));
      if (!circle.isEmpty()) {
        close(circle);
      }
    }
    return wait;
  }

  private static String label(Object owner) {
    return owner instanceof Thread thread ? thread.getName() : ((Owner) owner).id();
  }

  /** Whether there was a moment at which all of it was true. */
  private boolean wasTrue(List<WaitChain.Link> told) {
    List<List<Wait>> candidates = new ArrayList<>();
    for (WaitChain.Link link : told) {
      candidates.add(
          past.getOrDefault(link.owner(), new ArrayDeque<>()).stream()
              .filter(wait -> wait.says(link))
              .toList());
    }
    return candidates.stream()
        .flatMap(List::stream)
        .anyMatch(
            last ->
                candidates.stream()
                    .allMatch(waits -> waits.stream().anyMatch(wait -> wait.stoodAt(last.begun))));
  }

  private void close(List<Hop> hops) {
    coverage.count("circle: closed");
    if (simulator.isTraced()) {
      simulator.say("circle of " + hops.size() + ": " + hops.get(0).from.call);
    }
    circles.add(new Circle(hops, simulator.now()));
  }

  /** Circles that do not stand any more; others through the same waits may. */
  private void retire(Predicate<Circle> ended) {
    List<Circle> retired = circles.stream().filter(ended).toList();
    circles.removeAll(retired);
    for (Circle circle : retired) {
      coverage.count("circle: stood for " + bucket(simulator.now() - circle.since));
      circle.hops.stream()
          .map(Hop::from)
          .filter(
              place -> place.call.stands() && circles.stream().noneMatch(c -> c.has(place.call)))
          .map(this::circleThrough)
          .filter(hops -> !hops.isEmpty())
          .forEach(this::close);
    }
  }

  private static String bucket(long nanos) {
    long millis = nanos / MILLISECOND;
    if (millis < 10) {
      return "less than 10 ms";
    } else if (millis < 100) {
      return "less than 100 ms";
    } else if (millis < 1_000) {
      return "less than 1 s";
    }
    return millis < 10_000 ? "less than 10 s" : "10 s or more";
  }

  // ---------------------------------------------------------------- the graph

  private List<Hop> hops(Place from) {
    List<Hop> hops = new ArrayList<>();
    Wait wait = from.call;
    for (Beliefs.Belief belief : beliefs.of(from.name())) {
      if (belief.excludes(wait.owner, wait.mode)) {
        waits.stream()
            .filter(next -> next.isOf(belief) && next.stands())
            .forEach(next -> hops.addAll(hops(from, belief, next, 0)));
      }
    }
    for (Wait other : waits) {
      int held = other.names.indexOf(from.name());
      if (held >= 0 && !other.owner.equals(wait.owner) && other.stands()) {
        hops.addAll(hops(from, null, other, held + 1));
      }
    }
    return hops;
  }

  private static List<Hop> hops(Place from, Beliefs.@Nullable Belief held, Wait to, int first) {
    List<Hop> hops = new ArrayList<>();
    for (int i = first; i < to.names.size(); i++) {
      hops.add(new Hop(from, held, new Place(to, i)));
    }
    return hops;
  }

  private List<Hop> circleThrough(Place start) {
    List<Hop> path = new ArrayList<>();
    return goesRound(start, start, path, new HashSet<>()) ? path : List.of();
  }

  private boolean goesRound(Place start, Place at, List<Hop> path, Set<Place> seen) {
    for (Hop hop : hops(at)) {
      path.add(hop);
      if (hop.to.equals(start) || (seen.add(hop.to) && goesRound(start, hop.to, path, seen))) {
        return true;
      }
      path.remove(path.size() - 1);
    }
    return false;
  }

  // ---------------------------------------------------------------- what must not last

  /**
   * No circle may stand for long.
   *
   * @param healedAt since when all is well
   * @param isWell whether a machine is
   */
  void noneLasts(long healedAt, Predicate<Machine> isWell) {
    retire(circle -> !circle.hops.stream().allMatch(Hop::stands));
    for (Circle circle : circles) {
      long stood = simulator.now() - Math.max(circle.since, healedAt);
      if (stood > bound(circle) && circle.hops.stream().allMatch(hop -> isProven(hop, isWell))) {
        simulator.violated(
            "a circle of "
                + circle.hops.size()
                + " has stood for "
                + stood / MILLISECOND
                + " ms: "
                + circle.hops.get(0).from.call,
            null);
      }
    }
  }

  /** Waits that are on a circle are looked at every few seconds at least. */
  private long bound(Circle circle) {
    return 20_000 * MILLISECOND + circle.hops.size() * hopNanos;
  }

  private static boolean isProven(Hop hop, Predicate<Machine> isWell) {
    Machine machine = hop.from.call.machine;
    return isWell.test(machine) && (hop.held == null || machine.watch(hop.held.hold()::isHeld));
  }
}
