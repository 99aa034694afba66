package io.holdfast.sim;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import io.holdfast.engine.StoreEngine;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.RecordCodec;
import io.holdfast.sim.Network.Link;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A store with compare-and-set on a machine of its own; every client has a {@link StoreEngine}. */
final class StoreServer implements Server {

  private static final long SECOND = 1_000_000_000L;

  private final World world;
  private final StoreProfile profile;
  private final Machine machine;
  private final Network network;
  private final StoreSessions sessions;
  private final TreeMap<String, RecordStore.Stored> records = new TreeMap<>();
  private long version;

  /** Of each failover that lost changes, the largest version that it kept. */
  private final List<Long> kept = new ArrayList<>();

  private Runnable replica = () -> {};

  /** What was forgiven after one is over before there is another. */
  private long nextFailover;

  /** An empty store. */
  StoreServer(World world, Machine machine, Network network) {
    this.world = world;
    this.profile = world.store();
    this.machine = machine;
    this.network = network;
    this.sessions = new StoreSessions(world, machine, network);
    if (profile.losesChanges()) {
      replicate();
    }
  }

  @Override
  public Machine machine() {
    return machine;
  }

  @Override
  public Engine connect(Machine client) {
    return new StoreEngine(new Client(client), client.environment());
  }

  @Override
  public List<String> names() {
    return records.entrySet().stream()
        .map(entry -> entry.getKey() + " " + decode(entry.getValue()))
        .toList();
  }

  @Override
  public void close() {}

  private static @Nullable Object decode(RecordStore.Stored stored) {
    byte[] bytes = stored.bytes();
    return bytes == null ? null : RecordCodec.decode(bytes, stored.version());
  }

  // ---------------------------------------------------------------- what the store does

  private RecordStore.Stored current(String name) {
    return records.getOrDefault(name, RecordStore.Stored.ABSENT);
  }

  private RecordStore.Outcome apply(RecordStore.Write write) {
    if (current(write.name()).version() != write.expected()) {
      world.coverage().count("store: write outrun");
      return new RecordStore.Outcome(false, current(write.name()));
    }
    byte[] bytes = write.bytes();
    RecordStore.Stored next = new RecordStore.Stored(++version, bytes);
    if (bytes == null) {
      records.remove(write.name());
      world.records().onChange(write.name(), null);
    } else {
      records.put(write.name(), next);
      world.records().onChange(write.name(), RecordCodec.decode(bytes, version));
    }
    sessions.wake(write.wake(), write.name());
    return new RecordStore.Outcome(true, next);
  }

  // ---------------------------------------------------------------- how it fails

  @Override
  public void failOver() {
    long ttl = world.ttl().toNanos();
    Simulator simulator = machine.simulator();
    if (simulator.now() < nextFailover) {
      return;
    }
    world.coverage().count("fault: failover");
    nextFailover = simulator.now() + 3 * ttl / 2;
    machine.stop(simulator.between(0, ttl / 2));
    machine.after(0, "failover", this::begin);
  }

  /** The new server begins. */
  private void begin() {
    Simulator simulator = machine.simulator();
    sessions.disconnect();
    if (profile.renewsAll()) {
      sessions.renewAll();
    }
    if (profile.hasWallClock() && simulator.chance(0.25)) {
      jump(simulator.between(-world.ttl().toNanos(), 2 * world.ttl().toNanos()));
    }
    // What is lost is forgiven only where nobody judges circles by it.
    if (profile.losesChanges() && world.theme() == Theme.USUAL && simulator.chance(0.5)) {
      world.coverage().count("fault: last changes lost");
      forgive();
      replica.run();
    }
    version += simulator.between(0, 33);
  }

  private void jump(long nanos) {
    world.coverage().count("fault: server's clock jumps");
    if (nanos > 0) {
      forgive();
    }
    sessions.jump(nanos);
  }

  /** Whose session is gone may be told late: with his next renewal. */
  private void forgive() {
    world.beliefs().forgive(world.ttl().toNanos() * 21 / 20);
  }

  /** A replica gets all changes, up to a second after they were made. */
  private void replicate() {
    TreeMap<String, RecordStore.Stored> copy = new TreeMap<>(records);
    Runnable sessionsThen = sessions.snapshot();
    long versionThen = version;
    replica =
        () -> {
          kept.add(versionThen);
          sessionsThen.run();
          Set<String> names = new TreeSet<>(records.keySet());
          names.addAll(copy.keySet());
          records.clear();
          records.putAll(copy);
          for (String name : names) {
            RecordStore.Stored stored = current(name);
            byte[] bytes = stored.bytes();
            LockRecord record = bytes == null ? null : RecordCodec.decode(bytes, stored.version());
            world.records().comesBack(name, record);
          }
        };
    machine.after(machine.simulator().between(0, SECOND), "replicate", this::replicate);
  }

  /** An answer, and how many failovers had lost changes by then. */
  private record Told<T>(T answer, int lives) {}

  /** One process's way to the store. */
  private final class Client implements RecordStore {
    private final Machine client;

    /** The largest version that it knows of, by how many failovers had lost changes by then. */
    private final Map<Integer, Long> seen = new HashMap<>();

    /** How many there had been when its present session began: it holds nothing from before. */
    private int since;

    Client(Machine client) {
      this.client = client;
    }

    /** Answers what tells a version. */
    private <T> CompletionStage<T> tell(
        String what, Supplier<T> work, Function<T, Stored> versioned) {
      return call(what, () -> new Told<>(work.get(), kept.size()))
          .thenApply(
              told -> {
                seen.merge(told.lives, versioned.apply(told.answer).version(), Math::max);
                return told.answer;
              });
    }

    /** Whoever knows of a change that was lost may have lost a lock with it. */
    private boolean renew(long session) {
      boolean missesAChange =
          seen.entrySet().stream()
              .anyMatch(
                  entry ->
                      entry.getKey() >= since
                          && entry.getKey() < kept.size()
                          && entry.getValue() > kept.get(entry.getKey()));
      if (missesAChange) {
        world.coverage().count("store: session ended for what was lost");
        sessions.end(session);
      }
      return sessions.renew(session);
    }

    private <T> CompletionStage<T> call(String what, Supplier<T> work) {
      return network
          .call(
              new Link(client, machine),
              what,
              () -> CompletableFuture.completedFuture(work.get()),
              0)
          .answer();
    }

    @Override
    public CompletionStage<Stored> read(String name) {
      return tell("read", () -> current(name), stored -> stored);
    }

    @Override
    public CompletionStage<Outcome> compareAndSet(Write write) {
      return tell("write", () -> apply(write), Outcome::current);
    }

    @Override
    public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
      return call(
          "list",
          () ->
              records.tailMap(after, false).entrySet().stream()
                  .filter(entry -> entry.getKey().startsWith(prefix))
                  .limit(limit)
                  .map(entry -> new Entry(entry.getKey(), entry.getValue()))
                  .toList());
    }

    @Override
    public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
      return call(
          "open session",
          () -> {
            since = kept.size();
            return sessions.open(terms, client, onWake);
          });
    }

    @Override
    public CompletionStage<Boolean> renewSession(long session) {
      return call(Network.RENEWAL, () -> renew(session));
    }

    @Override
    public CompletionStage<Void> closeSession(long session) {
      return call(
          "close session",
          () -> {
            sessions.end(session);
            return null;
          });
    }

    @Override
    public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
      Set<Long> copy = new TreeSet<>(asked);
      return call("find dead", () -> sessions.dead(copy));
    }

    @Override
    public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
      Set<Long> copy = new TreeSet<>(asked);
      return call("describe", () -> sessions.terms(copy));
    }

    @Override
    public CompletionStage<Void> publish(long id, byte[] report) {
      return call(
          "publish",
          () -> {
            sessions.publish(id, report);
            return null;
          });
    }

    @Override
    public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
      Set<Long> copy = new TreeSet<>(asked);
      return call("published", () -> sessions.reports(copy));
    }

    @Override
    public CompletionStage<Void> wake(Set<Long> woken, String name) {
      return call(
          "wake",
          () -> {
            sessions.wake(woken, name);
            return null;
          });
    }

    @Override
    public EngineDescription description() {
      return new EngineDescription("simulated", "a simulated store", List.of("everything fails"));
    }

    @Override
    public void close() {}
  }
}
