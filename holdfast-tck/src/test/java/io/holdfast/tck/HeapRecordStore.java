package io.holdfast.tck;

import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import java.time.Duration;
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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The smallest store that a {@link io.holdfast.engine.StoreEngine} can stand on: maps under one
 * monitor, shared by every object of a space. Subclasses plant bugs.
 */
class HeapRecordStore implements RecordStore {

  /** What the clients of a space share. */
  private static final class Shared {
    final TreeMap<String, Stored> records = new TreeMap<>();
    final Map<Long, Session> sessions = new HashMap<>();
    long version;
    long lastSession;

    Shared(long start) {
      version = start;
      lastSession = start;
    }
  }

  private static final class Session {
    final SessionTerms terms;
    final Consumer<String> onWake;
    long renewedAt;
    boolean dead;
    byte @Nullable [] report;

    Session(SessionTerms terms, Consumer<String> onWake, long renewedAt) {
      this.terms = terms;
      this.onWake = onWake;
      this.renewedAt = renewedAt;
    }
  }

  private static final Map<String, Shared> SPACES = new ConcurrentHashMap<>();

  private final String space;
  private final Environment environment;
  private final Shared shared;
  private final Set<Long> opened = ConcurrentHashMap.newKeySet();

  HeapRecordStore(String space, Environment environment) {
    this(space, environment, 0);
  }

  /** A store whose versions and sessions are counted from a number on. */
  HeapRecordStore(String space, Environment environment, long start) {
    this.space = space;
    this.environment = environment;
    this.shared = SPACES.computeIfAbsent(space, fresh -> new Shared(start));
  }

  private long now() {
    return environment.ticker().nanoTime();
  }

  private <T> CompletionStage<T> exclusively(Supplier<T> work) {
    synchronized (shared) {
      return CompletableFuture.completedFuture(work.get());
    }
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return exclusively(() -> shared.records.getOrDefault(name, Stored.ABSENT));
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    CompletionStage<Outcome> outcome = exclusively(() -> replace(write));
    if (outcome.toCompletableFuture().join().written() && !write.wake().isEmpty()) {
      wake(write.wake(), write.name());
    }
    return outcome;
  }

  private Outcome replace(Write write) {
    Stored current = shared.records.getOrDefault(write.name(), Stored.ABSENT);
    if (current.version() != write.expected()) {
      return new Outcome(false, current);
    }
    Stored next = stored(write, current, ++shared.version);
    if (next.bytes() == null) {
      shared.records.remove(write.name());
    } else {
      shared.records.put(write.name(), next);
    }
    return new Outcome(true, next);
  }

  /** What a write leaves behind. */
  Stored stored(Write write, Stored before, long version) {
    return new Stored(version, write.bytes());
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    return exclusively(
        () ->
            shared.records.tailMap(after, false).entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(prefix))
                .limit(limit)
                .map(entry -> new Entry(entry.getKey(), entry.getValue()))
                .toList());
  }

  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
    return exclusively(
        () -> {
          shared.sessions.put(++shared.lastSession, new Session(terms, soon(onWake), now()));
          opened.add(shared.lastSession);
          return shared.lastSession;
        });
  }

  /** One at a time, in order, and never in the thread of whoever wakes. */
  private Consumer<String> soon(Consumer<String> onWake) {
    return name -> environment.scheduler().schedule(() -> onWake.accept(name), Duration.ZERO);
  }

  /** How long a session lives. */
  long lifetime(SessionTerms terms) {
    return terms.ttl().toNanos();
  }

  private boolean dead(long session) {
    Session known = shared.sessions.get(session);
    if (known == null) {
      return true;
    }
    known.dead |= now() - known.renewedAt > lifetime(known.terms);
    return known.dead;
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return exclusively(
        () -> {
          boolean alive = renewable(dead(session));
          if (alive) {
            shared.sessions.get(session).renewedAt = now();
            shared.sessions.get(session).dead = false;
          }
          return alive;
        });
  }

  /** Whether a session may be renewed. */
  boolean renewable(boolean dead) {
    return !dead;
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    return exclusively(
        () -> {
          shared.sessions.computeIfPresent(
              session,
              (number, known) -> {
                known.dead = true;
                return known;
              });
          return null;
        });
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> sessions) {
    return exclusively(
        () -> {
          Set<Long> dead = new HashSet<>(sessions);
          dead.removeIf(session -> !dead(session));
          return dead;
        });
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> sessions) {
    return exclusively(
        () -> {
          Map<Long, SessionTerms> terms = new HashMap<>();
          for (long session : sessions) {
            if (shared.sessions.containsKey(session)) {
              terms.put(session, shared.sessions.get(session).terms);
            }
          }
          return terms;
        });
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return exclusively(
        () -> {
          if (!dead(session)) {
            shared.sessions.get(session).report = report.clone();
          }
          return null;
        });
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> sessions) {
    return exclusively(
        () -> {
          Map<Long, byte[]> reports = new HashMap<>();
          for (long session : sessions) {
            byte[] report = dead(session) ? null : shared.sessions.get(session).report;
            if (report != null) {
              reports.put(session, report);
            }
          }
          return reports;
        });
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> sessions, String name) {
    // In order, because that of a set may be another in every run.
    for (long number : new TreeSet<>(sessions)) {
      Session session;
      synchronized (shared) {
        session = shared.sessions.get(number);
      }
      if (session != null) {
        session.onWake.accept(name);
      }
    }
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription("heap", "heap:" + space, List.of("process ends: forgotten"));
  }

  @Override
  public void close() {
    opened.forEach(this::closeSession);
  }
}
