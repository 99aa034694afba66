package io.holdfast.sim;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import io.holdfast.engine.StoreEngine;
import io.holdfast.rules.RecordCodec;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A store with compare-and-set on a machine of its own; every client has a {@link StoreEngine}. */
final class StoreServer implements Server {

  private static final class Session {
    private final SessionTerms terms;
    private final Machine client;
    private final int life;
    private final Consumer<String> onWake;
    private long until;
    private boolean dead;
    private byte @Nullable [] report;

    Session(SessionTerms terms, Machine client, Consumer<String> onWake) {
      this.terms = terms;
      this.client = client;
      this.life = client.life();
      this.onWake = onWake;
    }
  }

  private final Machine machine;
  private final Network network;
  private final RecordCheck check;
  private final Coverage coverage;
  private final double lostWakes;
  private final TreeMap<String, RecordStore.Stored> records = new TreeMap<>();
  private final Map<Long, Session> sessions = new HashMap<>();
  private long version;
  private long lastSession;

  /**
   * An empty store.
   *
   * @param lostWakes how probable it is that a wake-up never arrives, beyond what the network loses
   */
  StoreServer(
      Machine machine, Network network, RecordCheck check, Coverage coverage, double lostWakes) {
    this.machine = machine;
    this.network = network;
    this.check = check;
    this.coverage = coverage;
    this.lostWakes = lostWakes;
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
      coverage.count("store: write outrun");
      return new RecordStore.Outcome(false, current(write.name()));
    }
    byte[] bytes = write.bytes();
    RecordStore.Stored next = new RecordStore.Stored(++version, bytes);
    if (bytes == null) {
      records.remove(write.name());
      check.onChange(write.name(), null);
    } else {
      records.put(write.name(), next);
      check.onChange(write.name(), RecordCodec.decode(bytes, version));
    }
    deliver(write.wake(), write.name());
    return new RecordStore.Outcome(true, next);
  }

  private void deliver(Collection<Long> woken, String name) {
    for (Long id : new TreeSet<>(woken)) {
      Session session = sessions.get(id);
      if (session == null || machine.simulator().chance(lostWakes)) {
        coverage.count("fault: wake-up lost");
      } else if (session.client.life() == session.life) {
        network.send(machine, session.client, "wake", () -> session.onWake.accept(name), 0);
      }
    }
  }

  private long open(SessionTerms terms, Machine client, Consumer<String> onWake) {
    Session session = new Session(terms, client, onWake);
    session.until = machine.nanoTime() + terms.ttl().toNanos();
    sessions.put(++lastSession, session);
    return lastSession;
  }

  private boolean renew(long id) {
    Session session = sessions.get(id);
    if (session == null || !isAlive(id)) {
      return false;
    }
    session.until = machine.nanoTime() + session.terms.ttl().toNanos();
    return true;
  }

  /** Who is found dead stays dead. */
  private boolean isAlive(long id) {
    Session session = sessions.get(id);
    if (session == null) {
      return false;
    }
    if (!session.dead && machine.nanoTime() - session.until > 0) {
      coverage.count("store: session expired");
      session.dead = true;
    }
    return !session.dead;
  }

  private Map<Long, byte[]> reports(Set<Long> asked) {
    Map<Long, byte[]> reports = new HashMap<>();
    for (Long id : asked) {
      Session session = sessions.get(id);
      byte[] report = session == null || !isAlive(id) ? null : session.report;
      if (report != null) {
        reports.put(id, report);
      }
    }
    return reports;
  }

  private void end(long id) {
    Session session = sessions.get(id);
    if (session != null) {
      session.dead = true;
    }
  }

  /** One process's way to the store. */
  private final class Client implements RecordStore {
    private final Machine client;

    Client(Machine client) {
      this.client = client;
    }

    private <T> CompletionStage<T> call(String what, Supplier<T> work) {
      return network
          .call(client, machine, what, () -> CompletableFuture.completedFuture(work.get()), 0)
          .answer();
    }

    @Override
    public CompletionStage<Stored> read(String name) {
      return call("read", () -> current(name));
    }

    @Override
    public CompletionStage<Outcome> compareAndSet(Write write) {
      return call("write", () -> apply(write));
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
      return call("open session", () -> open(terms, client, onWake));
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
            end(session);
            return null;
          });
    }

    @Override
    public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
      Set<Long> copy = new TreeSet<>(asked);
      return call(
          "find dead",
          () -> {
            Set<Long> dead = new HashSet<>();
            copy.stream().filter(id -> !isAlive(id)).forEach(dead::add);
            return dead;
          });
    }

    @Override
    public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
      Set<Long> copy = new TreeSet<>(asked);
      return call(
          "describe",
          () -> {
            Map<Long, SessionTerms> terms = new HashMap<>();
            for (Long id : copy) {
              Session session = sessions.get(id);
              if (session != null) {
                terms.put(id, session.terms);
              }
            }
            return terms;
          });
    }

    @Override
    public CompletionStage<Void> publish(long id, byte[] report) {
      return call(
          "publish",
          () -> {
            Session session = sessions.get(id);
            if (session != null && isAlive(id)) {
              session.report = report.clone();
            }
            return null;
          });
    }

    @Override
    public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
      Set<Long> copy = new TreeSet<>(asked);
      return call("published", () -> reports(copy));
    }

    @Override
    public CompletionStage<Void> wake(Set<Long> woken, String name) {
      return call(
          "wake",
          () -> {
            deliver(woken, name);
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
