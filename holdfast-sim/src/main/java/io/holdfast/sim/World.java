package io.holdfast.sim;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Holdfast;
import io.holdfast.OutcomeUnknownException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * One simulated world, from its seed to its end: processes work while everything around them fails,
 * then the world heals and they must all get on, then they stop and nothing may be left.
 */
final class World {

  private static final long SECOND = 1_000_000_000L;

  /** Clocks err by less than this; see the design of leases. */
  private static final double CLOCK_ERROR = 0.01;

  /** How far a call may go beyond its deadline. */
  private static final long OVERTIME = 50_000_000;

  /** Embedded engines are known by name in the whole JVM. */
  private static final AtomicLong WORLDS = new AtomicLong();

  /** A call of a user that has not returned. */
  final class Operation implements AutoCloseable {
    private final Machine machine;
    private final int life;
    private final @Nullable SimThread thread;
    private final String what;
    private final long begun;
    private long deadline = Long.MAX_VALUE;

    private Operation(Machine machine, @Nullable SimThread thread, String what) {
      this.machine = machine;
      this.life = machine.life();
      this.thread = thread;
      this.what = what;
      this.begun = simulator.now();
    }

    /** The call must return within a time. */
    void deadline(Duration limit) {
      deadline = machine.nanoTime() + limit.toNanos();
    }

    private boolean isAlive() {
      return machine.life() == life && machine.isUp();
    }

    /** The call returns. */
    @Override
    public void close() {
      operations.remove(this);
      boolean late = deadline != Long.MAX_VALUE && machine.nanoTime() - deadline > OVERTIME;
      if (late && isAlive() && machine.ranSince(begun)) {
        simulator.violated(this + " outlived its deadline", null);
      }
    }

    @Override
    public String toString() {
      return what + " since " + begun / 1_000_000 + " ms";
    }
  }

  private final Simulator simulator;
  private final Scene scene;
  private final Plan plan;
  private final Coverage coverage = new Coverage();
  private final Network network;
  private final RecordCheck records;
  private final Beliefs beliefs;
  private final Circles circles;
  private final Errands errands;
  private final List<Object> kept = new ArrayList<>();
  private final Server server;
  private final List<SimNode> nodes = new ArrayList<>();

  /** Those nodes that must get on: at first all, then those that are not broken for good. */
  private final List<SimNode> core = new ArrayList<>();

  private final Set<Operation> operations = new LinkedHashSet<>();
  private final Nemesis nemesis;
  private boolean working = true;
  private boolean healed;
  private long healedAt;
  private boolean over;

  /**
   * A world before its beginning.
   *
   * @param scene what it is about
   * @param plan what its seed makes of that
   */
  World(Simulator simulator, Scene scene, Plan plan) {
    this.simulator = simulator;
    this.scene = scene;
    this.plan = plan;
    simulator.say(plan.toString());
    network = new Network(simulator, coverage, plan.usualDelay().toNanos());
    records = new RecordCheck(simulator, coverage);
    beliefs = new Beliefs(simulator, coverage);
    circles = new Circles(simulator, coverage, beliefs, plan.usualDelay().toNanos());
    errands = new Errands(this);
    server = makeServer();
    for (int i = 0; i < plan.nodes(); i++) {
      boolean shared = plan.kind() == Plan.Kind.PROCESS;
      Machine machine = shared ? server.machine() : makeMachine("machine " + i);
      nodes.add(new SimNode(this, machine, "node " + i, plan.usersPerNode()));
    }
    core.addAll(nodes);
    nemesis = new Nemesis(this, network, nodes);
  }

  private Machine makeMachine(String name) {
    double error = (2 * simulator.random().nextDouble() - 1) * CLOCK_ERROR;
    return new Machine(simulator, name, 1 + error);
  }

  private Server makeServer() {
    Machine machine = makeMachine("server");
    String name = "world " + WORLDS.incrementAndGet();
    return switch (plan.kind()) {
      case SPACE -> new SpaceServer(machine, network, records, name);
      case STORE -> new StoreServer(this, machine, network);
      case PROCESS -> new ProcessServer(machine, name);
    };
  }

  // ---------------------------------------------------------------- the course of the world

  /** Runs the world to its end. */
  void run() {
    coverage.count("world: " + plan.kind());
    try {
      nodes.forEach(SimNode::start);
      if (theme() == Theme.RINGS) {
        new Rings(this, nodes).start();
      }
      nemesis.start();
      runFor(simulator.between(5 * SECOND, 20 * SECOND));
      heal();
      // Some go on for long enough to see that nobody starves, the others just a little.
      runFor(simulator.chance(0.25) ? patience() + 5 * SECOND : 5 * SECOND);
      working = false;
      drain();
      leaveNothing();
    } finally {
      over = true;
      nodes.forEach(node -> node.machine().crash());
      server.close();
    }
  }

  private void runFor(long nanos) {
    long end = simulator.now() + nanos;
    while (simulator.step(end)) {
      beliefs.check();
      if (healed && (simulator.events() & 0xff) == 0) {
        nobodyStarves();
        circles.noneLasts(healedAt, this::isWell);
      }
    }
  }

  private void heal() {
    for (int i = 0; i < plan.brokenForGood(); i++) {
      SimNode broken = core.remove(simulator.random().nextInt(core.size()));
      nemesis.breakForGood(broken);
    }
    nemesis.heal(core);
    // What stands still or is down goes on within two TTLs, and what it left expires in another.
    runFor(6 * plan.ttl().toNanos());
    healed = true;
    healedAt = simulator.now();
  }

  /** As long as it may take until a whole queue was served, if all its wake-ups are lost. */
  private long patience() {
    long queue = 10 * SECOND + 3 * plan.ttl().toNanos();
    // A ring is found, one gives way, and all others follow one after the other.
    return theme() == Theme.USUAL ? queue : queue + 100 * SECOND;
  }

  /** In a healthy world every wait ends. */
  private void nobodyStarves() {
    for (Operation operation : operations) {
      long waited = simulator.now() - Math.max(healedAt, operation.begun);
      if (waited > patience() && isInCore(operation)) {
        simulator.violated(operation + " has waited for " + waited / SECOND + " healthy s", null);
      }
    }
  }

  private boolean isInCore(Operation operation) {
    return operation.isAlive() && isWell(operation.machine);
  }

  private boolean isWell(Machine machine) {
    return core.stream().anyMatch(node -> node.machine() == machine);
  }

  private void drain() {
    long limit = theme() == Theme.USUAL ? 60 : 60 + patience() / SECOND;
    for (int i = 0; i < limit && operations.stream().anyMatch(this::isInCore); i++) {
      runFor(SECOND);
    }
    List<Operation> stuck = operations.stream().filter(this::isInCore).toList();
    if (!stuck.isEmpty()) {
      throw new Violation("never ended: " + stuck, null);
    }
    // Time for holds to end, retained locks to be given back, and sessions to expire.
    runFor(2 * plan.retainFor().toNanos() + 4 * plan.ttl().toNanos());
  }

  private void leaveNothing() {
    SimNode witness = core.get(0);
    Holdfast client = witness.holdfast();
    if (client == null) {
      throw new Violation(witness.machine().name() + " never connected again", null);
    }
    SimThread.start(witness.machine(), "witness", () -> list(client));
    runFor(10 * SECOND);
    if (!server.names().isEmpty()) {
      throw new Violation("left behind: " + server.names(), null);
    }
    if (plan.brokenForGood() == 0 && beliefs.outstanding() > 0) {
      throw new Violation("holds that nobody gave back: " + beliefs.outstanding(), null);
    }
    core.forEach(SimNode::close);
    runFor(5 * SECOND);
  }

  /**
   * Drops the dead from the records that nobody wanted since. A slow network may take a few tries.
   */
  private static void list(Holdfast client) {
    boolean answered = false;
    while (!answered) {
      try {
        client.inspector().list("");
        answered = true;
      } catch (EngineUnavailableException | OutcomeUnknownException again) {
        answered = false;
      }
    }
  }

  // ---------------------------------------------------------------- what its inhabitants ask

  Simulator simulator() {
    return simulator;
  }

  Coverage coverage() {
    return coverage;
  }

  Server server() {
    return server;
  }

  Beliefs beliefs() {
    return beliefs;
  }

  Circles circles() {
    return circles;
  }

  /** Holds a lock strongly, so that no garbage collector takes part in the simulation. */
  <T> T keep(T lock) {
    kept.add(lock);
    return lock;
  }

  Errands errands() {
    return errands;
  }

  Theme theme() {
    return scene.theme();
  }

  StoreProfile store() {
    return scene.store();
  }

  /** What judges the records. */
  RecordCheck records() {
    return records;
  }

  Plan plan() {
    return plan;
  }

  Duration ttl() {
    return plan.ttl();
  }

  Duration retainFor() {
    return plan.retainFor();
  }

  int maxRetained() {
    return plan.maxRetained();
  }

  /** How many of the users are threads. */
  double threads() {
    return plan.threads();
  }

  /** Whether users go on. */
  boolean isWorking() {
    return working;
  }

  /** Whether the world has ended. */
  boolean isOver() {
    return over;
  }

  /** A user makes a call that may take a while. */
  Operation begins(Machine machine, @Nullable SimThread thread, String what) {
    Operation operation = new Operation(machine, thread, what);
    operations.add(operation);
    if (simulator.isTraced()) {
      simulator.say(what);
    }
    return operation;
  }

  /** Interrupts a thread in the middle of a call. */
  void interruptSomebody() {
    List<SimThread> waiting =
        operations.stream()
            .filter(Operation::isAlive)
            .map(operation -> operation.thread)
            .filter(thread -> thread != null && thread.isParked())
            .toList();
    if (!waiting.isEmpty()) {
      coverage.count("fault: interrupt");
      waiting.get(simulator.random().nextInt(waiting.size())).interruptSimulated();
    }
  }

  long thinkNanos() {
    return simulator.chance(0.3)
        ? simulator.between(0, 1_000_000)
        : simulator.between(0, 100_000_000);
  }

  long holdNanos() {
    if (!healed && simulator.chance(plan.longHolds())) {
      return simulator.between(0, plan.ttl().toNanos() * 3 / 2);
    }
    return simulator.between(0, 20_000_000);
  }

  Duration pickWait() {
    return Duration.ofNanos(simulator.between(1, plan.ttl().toNanos()));
  }

  /** Half of all goes to one lock. */
  int pickMutex() {
    return simulator.chance(0.5) ? 0 : simulator.random().nextInt(5);
  }
}
