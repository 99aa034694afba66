package io.holdfast.sim;

import io.holdfast.DistributedLock;
import io.holdfast.DistributedReadWriteLock;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.rules.Mode;
import io.holdfast.sim.Errand.End;
import io.holdfast.sim.Errand.Single;
import io.holdfast.sim.Errand.Step;
import io.holdfast.sim.Errand.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A ring of users. Each takes a lock of its own; as soon as all have theirs, each asks for the next
 * one's. Some rings are disturbed: members time out, cancel, are interrupted, and others who are
 * not on the ring wait for its locks. In some one member only waits for its turn to read.
 */
final class Ring {

  private static final long MILLISECOND = 1_000_000;

  /** After this even a ring that some member never joined goes on. */
  private static final long PATIENCE = 10_000 * MILLISECOND;

  /** How a lock of the ring is held by its member, and wanted by the one before. */
  private enum Link {
    MUTEX,
    STRICT_MUTEX,
    UNRETAINED_MUTEX,
    READ_THEN_WRITE,
    WRITE_THEN_READ,
    WRITE_THEN_WRITE,
    STRICT_READ_THEN_WRITE,
    STRICT_WRITE_THEN_READ,
    /** Held for reading and wanted for reading, while a writer waits. */
    TURN
  }

  /** Somebody who takes part. */
  private static final class Part {
    private final SimNode node;
    private final int life;
    private boolean ready;
    private @Nullable End end;

    private Part(SimNode node) {
      this.node = node;
      this.life = node.machine().life();
    }

    private boolean isDead() {
      return node.machine().life() != life || !node.machine().isUp();
    }

    private boolean isSettled() {
      return ready || end != null || isDead();
    }

    private boolean isOver() {
      return end != null || isDead();
    }
  }

  private final World world;
  private final Simulator simulator;
  private final String name;
  private final List<SimNode> nodes;
  private final List<Link> links = new ArrayList<>();
  private final List<Part> members = new ArrayList<>();
  private final List<Part> others = new ArrayList<>();
  private final boolean disturbed;
  private final long formedAt;

  private Ring(World world, String name, List<SimNode> nodes) {
    this.world = world;
    this.simulator = world.simulator();
    this.name = name;
    this.nodes = nodes;
    this.disturbed = simulator.chance(0.4);
    this.formedAt = simulator.now();
    int size = 2 + simulator.random().nextInt(simulator.chance(0.5) ? 4 : 25);
    boolean turn = simulator.chance(0.2);
    boolean mixed = simulator.chance(0.7);
    for (int i = 0; i < size; i++) {
      int kinds = Link.values().length - 1;
      links.add(mixed ? Link.values()[simulator.random().nextInt(kinds)] : Link.MUTEX);
    }
    if (turn) {
      links.set(0, Link.TURN);
    }
  }

  /** Forms a ring; empty if a client was closed under it. */
  static Optional<Ring> form(World world, String name, List<SimNode> nodes) {
    Ring ring = new Ring(world, name, nodes);
    try {
      ring.populate();
    } catch (IllegalStateException closed) {
      return Optional.empty();
    }
    return Optional.of(ring);
  }

  private void populate() {
    for (int i = 0; i < links.size(); i++) {
      Part member = new Part(pick());
      members.add(member);
    }
    for (int i = 0; i < links.size(); i++) {
      addMember(i);
    }
    if (links.get(0) == Link.TURN) {
      addWriter();
    }
    while (disturbed && simulator.chance(0.5)) {
      addBystander();
    }
  }

  private SimNode pick() {
    return nodes.get(simulator.random().nextInt(nodes.size()));
  }

  // ---------------------------------------------------------------- the locks

  private Target held(int index, Holdfast client) {
    boolean read =
        switch (links.get(index)) {
          case READ_THEN_WRITE, STRICT_READ_THEN_WRITE, TURN -> true;
          default -> false;
        };
    return target(index, client, read);
  }

  private Target wanted(int index, Holdfast client) {
    boolean read =
        switch (links.get(index)) {
          case WRITE_THEN_READ, STRICT_WRITE_THEN_READ, TURN -> true;
          default -> false;
        };
    return target(index, client, read);
  }

  private Target target(int index, Holdfast client, boolean read) {
    String lock = name + "/" + index;
    LockOptions options =
        switch (links.get(index)) {
          case STRICT_MUTEX, STRICT_READ_THEN_WRITE, STRICT_WRITE_THEN_READ ->
              LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT);
          case UNRETAINED_MUTEX -> LockOptions.DEFAULT.retention(LockOptions.Retention.OFF);
          default -> LockOptions.DEFAULT;
        };
    Target target =
        switch (links.get(index)) {
          case MUTEX, STRICT_MUTEX, UNRETAINED_MUTEX ->
              new Single(client.lock(lock, options), Mode.EXCLUSIVE);
          default -> {
            DistributedReadWriteLock both = client.readWriteLock(lock, options);
            DistributedLock side = read ? both.readLock() : both.writeLock();
            yield new Single(side, read ? Mode.SHARED : Mode.EXCLUSIVE);
          }
        };
    return world.keep(target);
  }

  /** The next lock, and another one before or after it that nobody else wants. */
  private Target several(int index, Holdfast client) {
    String lock = name + "/" + index;
    String extra = lock + (simulator.chance(0.5) ? "+" : "") + "!";
    return world.keep(new Errand.Several(client.lockAll(lock, extra)));
  }

  // ---------------------------------------------------------------- who takes part

  private void addMember(int index) {
    Part member = members.get(index);
    Holdfast client = client(member);
    boolean thread = simulator.chance(world.threads());
    int next = (index + 1) % links.size();
    boolean several = thread && links.get(next) == Link.MUTEX && simulator.chance(0.3);
    Target target = several ? several(next, client) : wanted(next, client);
    Step own = new Step(held(index, client), () -> true, pause(20), Optional.empty(), false);
    Step more = asking(target, links.get(next) == Link.TURN ? 30 : 0);
    start(member, thread, name + " member " + index, List.of(own, more));
  }

  /** Asks as soon as all hold theirs. */
  private Step asking(Target target, long afterMillis) {
    boolean impatient = disturbed && simulator.chance(0.2);
    Optional<Duration> wait =
        impatient
            ? Optional.of(Duration.ofNanos(simulator.between(MILLISECOND, 1_000 * MILLISECOND)))
            : Optional.empty();
    long pause = afterMillis * MILLISECOND + pause(50);
    return new Step(target, this::isReady, pause, wait, simulator.chance(0.5));
  }

  /** Waits for the lock that one member wants to read only. */
  private void addWriter() {
    Part writer = new Part(pick());
    others.add(writer);
    DistributedLock lock = client(writer).readWriteLock(name + "/0").writeLock();
    Step write =
        new Step(
            world.keep(new Single(lock, Mode.EXCLUSIVE)),
            this::isReady,
            pause(10),
            Optional.empty(),
            false);
    start(writer, simulator.chance(world.threads()), name + " writer", List.of(write));
  }

  /** Waits for a lock of the ring, perhaps with another one in hand that nobody wants. */
  private void addBystander() {
    Part bystander = new Part(pick());
    String label = name + " bystander " + others.size();
    others.add(bystander);
    Holdfast client = client(bystander);
    List<Step> steps = new ArrayList<>();
    if (simulator.chance(0.5)) {
      Target own = world.keep(new Single(client.lock(label), Mode.EXCLUSIVE));
      steps.add(new Step(own, () -> true, 0, Optional.empty(), false));
    }
    int index = simulator.random().nextInt(links.size());
    boolean reads = simulator.chance(0.5);
    steps.add(asking(reads ? wanted(index, client) : held(index, client), 0));
    start(bystander, simulator.chance(world.threads()), label, steps);
  }

  private static Holdfast client(Part part) {
    Holdfast client = part.node.holdfast();
    if (client == null) {
      throw new IllegalStateException(part.node.name() + " has no client");
    }
    return client;
  }

  private long pause(long mostMillis) {
    return simulator.between(0, mostMillis * MILLISECOND);
  }

  private void start(Part part, boolean thread, String label, List<Step> steps) {
    List<Step> observed = new ArrayList<>(steps);
    if (steps.size() > 1) {
      Step last = steps.get(1);
      observed.set(
          1,
          new Step(
              last.target(),
              () -> {
                part.ready = true;
                return last.gate().getAsBoolean();
              },
              last.pauseNanos(),
              last.limit(),
              last.cancels()));
    }
    Errand errand = new Errand(label, observed, pause(2), end -> part.end = end);
    Machine machine = part.node.machine();
    if (!thread) {
      world.errands().withoutThread(machine, errand);
      return;
    }
    SimThread runner = world.errands().withThread(machine, errand);
    if (disturbed && simulator.chance(0.1)) {
      machine.after(pause(1_000), "interrupt", runner::interruptSimulated);
    }
  }

  // ---------------------------------------------------------------- its course

  /** Whether all members hold their locks, or some never will. */
  private boolean isReady() {
    return members.stream().allMatch(Part::isSettled) || simulator.now() - formedAt > PATIENCE;
  }

  boolean isOver() {
    return members.stream().allMatch(Part::isOver) && others.stream().allMatch(Part::isOver);
  }

  /** Where nothing else ends a ring, exactly one gives way; nobody where one can be let past. */
  void judge() {
    Map<End, Long> ends = new EnumMap<>(End.class);
    members.forEach(
        member -> {
          if (member.end != null) {
            ends.merge(member.end, 1L, Long::sum);
          }
        });
    long victims = ends.getOrDefault(End.GAVE_WAY, 0L);
    boolean turn = links.get(0) == Link.TURN;
    boolean calm = world.plan().faults().isEmpty() && !disturbed;
    world.coverage().count("ring: " + (turn ? "let past" : calm ? "calm" : "disturbed"));
    if (calm) {
      long expected = turn ? 0 : 1;
      boolean othersDone = others.stream().allMatch(part -> part.end == End.DONE);
      long done = ends.getOrDefault(End.DONE, 0L);
      if (victims != expected || done != members.size() - victims || !othersDone) {
        simulator.violated(this + " ended with " + ends, null);
      }
    } else if (world.plan().faults().isEmpty() && victims > 1) {
      simulator.violated(this + " has several victims: " + ends, null);
    }
    if (victims > 1) {
      world.coverage().count("ring: several victims");
    } else {
      world.coverage().count(victims == 0 ? "ring: no victim" : "ring: one victim");
    }
  }

  @Override
  public String toString() {
    return name + " of " + members.size() + " " + links;
  }
}
