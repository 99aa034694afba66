package io.holdfast.sim;

import io.holdfast.Hold;
import io.holdfast.rules.Mode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the users of a world believe to hold, and whether they may.
 *
 * <ul>
 *   <li>No two believe at once in holds that exclude each other.
 *   <li>Whoever lost a hold has been told before anybody else gets in, unless his process stands
 *       still.
 *   <li>A hold is proven when it is handed out.
 *   <li>Tokens grow along critical sections that exclude each other.
 *   <li>Behind a guard that compares tokens no update is lost, whatever else happens.
 * </ul>
 */
final class Beliefs {

  /**
   * Somebody who takes locks.
   *
   * @param owner who he is inside his process
   */
  record User(Machine machine, String name, Object owner) {}

  /** One hold that a user was given and has not given back. */
  final class Belief {
    private final Machine machine;
    private final int life;
    private final String user;
    private final Object owner;
    private final Mode mode;
    private final Hold hold;
    private boolean told;
    private boolean over;
    private long read = -1;

    private Belief(User user, Mode mode, Hold hold) {
      this.machine = user.machine();
      this.life = machine.life();
      this.user = user.name();
      this.owner = user.owner();
      this.mode = mode;
      this.hold = hold;
    }

    Hold hold() {
      return hold;
    }

    Object owner() {
      return owner;
    }

    /** Whether it has been given back. */
    boolean isOver() {
      return over;
    }

    /** The user gives the hold back, as the next thing that he does. */
    void end() {
      over = true;
      Resource resource = resources.get(hold.name());
      if (resource != null) {
        resource.believers.remove(this);
      }
    }

    /** The listener of the hold was called. */
    void onTold() {
      coverage.count("told of a loss");
      told = true;
      if (over && isAlive()) {
        simulator.violated(this + " was told of a loss after its release", null);
      }
    }

    /** Reads the guarded resource; false if the guard refuses. */
    boolean read() {
      Resource resource = resource(hold.name());
      boolean admitted = resource.admits(this);
      if (admitted) {
        read = resource.guarded;
      }
      return admitted;
    }

    /** Writes what was read, and one more; without the lock that would lose updates. */
    void write() {
      Resource resource = resource(hold.name());
      if (read < 0) {
        return;
      }
      if (!resource.admits(this)) {
        coverage.count("guard refused a late write");
        return;
      }
      if (resource.guarded != read) {
        simulator.violated(
            this + " read " + read + " and overwrites " + resource.guarded + " past the guard",
            null);
      }
      resource.guarded = read + 1;
      if (!machine.watch(hold::isHeld)) {
        coverage.count("write without a lease");
      }
      read = -1;
    }

    /** Whether the process that it is of still runs. */
    boolean isAlive() {
      return machine.isUp() && machine.life() == life;
    }

    private boolean excludes(Belief other) {
      return excludes(other.owner, other.mode);
    }

    /** Whether an owner could not hold the lock beside it in a mode. */
    boolean excludes(Object another, Mode wanted) {
      return !owner.equals(another) && (mode.isExclusive() || wanted.isExclusive());
    }

    @Override
    public String toString() {
      return user + " with " + hold;
    }
  }

  /** What a lock protects. */
  private static final class Resource {
    private final List<Belief> believers = new ArrayList<>();
    private long largestToken;
    private long largestWriter;
    private long guarded;
    private long guard;

    private boolean admits(Belief belief) {
      long token = belief.hold.token();
      if (token < guard) {
        return false;
      }
      guard = token;
      return true;
    }
  }

  private final Simulator simulator;
  private final Coverage coverage;
  private final Map<String, Resource> resources = new HashMap<>();

  /** Names of locks in which two that exclude each other have not given back yet. */
  private final Map<String, Resource> suspicious = new LinkedHashMap<>();

  private long forgivenUntil = Long.MIN_VALUE;

  /** The largest token when something was last forgiven. */
  private long forgivenToken;

  Beliefs(Simulator simulator, Coverage coverage) {
    this.simulator = simulator;
    this.coverage = coverage;
  }

  /**
   * The engine broke its word, as it says it may: until all sessions have been renewed or refused,
   * what somebody believes excludes nobody. What a guard accepts is judged as always.
   *
   * @param nanos how long that takes
   */
  void forgive(long nanos) {
    forgivenUntil = simulator.now() + nanos;
    resources.values().forEach(each -> forgivenToken = Math.max(forgivenToken, each.largestToken));
  }

  private boolean isForgiven() {
    return simulator.now() <= forgivenUntil;
  }

  /** Whoever joins readers of before a failure gets their token, for as long as there are any. */
  private boolean mayBeLate(Belief belief) {
    return isForgiven() || (belief.mode.isShared() && belief.hold.token() <= forgivenToken);
  }

  /** Those who hold a lock, as they believe. */
  List<Belief> of(String name) {
    Resource resource = resources.get(name);
    return resource == null ? List.of() : resource.believers;
  }

  /** What an owner holds, as he believes. */
  Set<String> heldBy(Object owner) {
    Set<String> names = new TreeSet<>();
    resources.forEach(
        (name, resource) -> {
          if (resource.believers.stream().anyMatch(belief -> belief.owner.equals(owner))) {
            names.add(name);
          }
        });
    return names;
  }

  private Resource resource(String name) {
    return resources.computeIfAbsent(name, absent -> new Resource());
  }

  /** A user was given a hold. */
  Belief begin(User user, Mode mode, Hold hold) {
    return user.machine().watch(() -> begin(new Belief(user, mode, hold)));
  }

  private Belief begin(Belief belief) {
    Hold hold = belief.hold;
    Mode mode = belief.mode;
    if (simulator.isTraced()) {
      simulator.say(belief + " begins");
    }
    if (!hold.isHeld()) {
      simulator.violated(belief + " was handed out without a lease", null);
    }
    Resource resource = resource(hold.name());
    for (Belief other : List.copyOf(resource.believers)) {
      judge(belief, other, resource);
    }
    if (mode.type() != Mode.Type.PERMITS) {
      tokenGrows(belief, resource);
    }
    resource.believers.add(belief);
    hold.onLost(loss -> belief.onTold());
    coverage.count("hold: " + mode.type());
    return belief;
  }

  private void judge(Belief belief, Belief other, Resource resource) {
    if (!other.isAlive()) {
      resource.believers.remove(other);
    } else if (mayMeet(belief) && belief.excludes(other)) {
      suspicious.put(belief.hold.name(), resource);
      if (isForgiven()) {
        coverage.count("hold: beside another, forgiven");
      } else if (other.hold.isHeld()) {
        simulator.violated(belief + " was let in beside " + other, null);
      } else if (!other.told && !other.machine.isStopped() && runsForAWhile(other.machine)) {
        simulator.violated(belief + " was let in before " + other + " was told", null);
      }
    }
  }

  private static boolean mayMeet(Belief belief) {
    return belief.mode.type() != Mode.Type.PERMITS;
  }

  /** A process that goes on after a stop needs an instant to notice. */
  private boolean runsForAWhile(Machine machine) {
    return simulator.now() - machine.runsSince() > 1_000_000;
  }

  private void tokenGrows(Belief belief, Resource resource) {
    long token = belief.hold.token();
    boolean reentered =
        resource.believers.stream().anyMatch(other -> other.owner.equals(belief.owner));
    boolean grows =
        belief.mode.isExclusive() ? token > resource.largestToken : token >= resource.largestWriter;
    if (!grows && !reentered && !mayBeLate(belief)) {
      simulator.violated(
          belief + " does not come after " + Math.max(resource.largestToken, token), null);
    }
    resource.largestToken = Math.max(resource.largestToken, token);
    if (belief.mode.isExclusive()) {
      resource.largestWriter = Math.max(resource.largestWriter, token);
    }
  }

  /** Looks again at those who once met: a belief must not come back either. */
  void check() {
    if (suspicious.isEmpty()) {
      return;
    }
    suspicious.values().removeIf(resource -> !isSuspicious(resource));
  }

  private boolean isSuspicious(Resource resource) {
    boolean suspect = false;
    for (int i = 0; i < resource.believers.size(); i++) {
      Belief one = resource.believers.get(i);
      for (int j = 0; j < i; j++) {
        Belief other = resource.believers.get(j);
        if (one.excludes(other) && one.isAlive() && other.isAlive()) {
          suspect = true;
          if (one.hold.isHeld() && other.hold.isHeld() && !isForgiven()) {
            simulator.violated(one + " and " + other + " believe at once", null);
          }
        }
      }
    }
    return suspect;
  }

  /** How many holds were given and not given back by processes that live. */
  long outstanding() {
    return resources.values().stream()
        .flatMap(resource -> resource.believers.stream())
        .filter(Belief::isAlive)
        .count();
  }
}
