package io.holdfast.engine;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.RecordCodec;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A space of records in memory that fails on request. Every process connects with a {@link Client}
 * of its own. Sessions die only by {@link #kill}, so that tests choose the moment.
 */
final class FaultyRecordStore {

  /** What becomes of one call. */
  enum Fate {
    WELL,
    /** Answered, but late. */
    SLOW,
    /** Fails, and nothing happened. */
    REFUSED,
    /** Takes effect, and is not answered. */
    UNANSWERED,
    /** Takes no effect, and is not answered. */
    LOST,
    /** Is not answered, and takes effect later. */
    LATE,
    /** Takes effect, is not answered, and is tried once more later. */
    REPEATED,
    /** Somebody else rewrites the record just before. */
    OUTRUN
  }

  /** Chooses what becomes of calls. */
  interface Faults {
    /** For a call of the store, by the name of its method. */
    Fate next(String call);

    /** How many times a wake-up arrives. */
    default int wakes() {
      return 1;
    }

    /** How long something late or slow takes. */
    default Duration delay() {
      return Duration.ofMillis(700);
    }
  }

  private static final Faults NONE = call -> Fate.WELL;

  private record Session(SessionTerms terms, Consumer<String> onWake) {}

  private final Environment environment;
  private final TreeMap<String, RecordStore.Stored> records = new TreeMap<>();
  private final Map<Long, Session> sessions = new HashMap<>();
  private final Set<Long> dead = new HashSet<>();
  private final Map<Long, byte[]> reports = new HashMap<>();
  private final List<String> calls = new ArrayList<>();
  private final Deque<Fate> script = new ArrayDeque<>();
  private Duration roundTrip = Duration.ZERO;
  private Duration pollInterval = Duration.ofMillis(500);
  private long lifeChecks;
  private Faults faults = NONE;
  private String scripted = "";
  private long version;
  private long lastSession;

  FaultyRecordStore(Environment environment) {
    this.environment = environment;
  }

  /** A process's way to the store. */
  Client connect() {
    return new Client();
  }

  /** Sets how long every call and wake-up takes; at zero, calls are answered before they return. */
  void roundTrip(Duration time) {
    roundTrip = time;
  }

  void faults(Faults next) {
    faults = next;
  }

  void noFaults() {
    faults = NONE;
    script.clear();
  }

  /** Says what becomes of the next calls of a method. */
  void script(String call, Fate... fates) {
    scripted = call;
    script.clear();
    script.addAll(List.of(fates));
  }

  /** The calls since the last time that somebody asked, by the names of the methods. */
  List<String> calls() {
    List<String> made = List.copyOf(calls);
    calls.clear();
    return made;
  }

  /** How often waiters look. */
  void pollInterval(Duration interval) {
    pollInterval = interval;
  }

  /** How many sessions were asked about since the last time that somebody asked this. */
  long lifeChecks() {
    long made = lifeChecks;
    lifeChecks = 0;
    return made;
  }

  /** Ends a session as its TTL would; it hears nothing of it. */
  void kill(long session) {
    dead.add(session);
  }

  /** Undoes the end of a session, as if its process had only been paused. */
  void revive(long session) {
    dead.remove(session);
  }

  /** Puts a record there, past all rules. */
  void put(String name, byte[] bytes) {
    records.put(name, new RecordStore.Stored(++version, bytes));
  }

  /** The names that have a record. */
  Set<String> names() {
    return Set.copyOf(records.keySet());
  }

  /** A record; fails if there is none. */
  LockRecord record(String name) {
    RecordStore.Stored stored = records.get(name);
    if (stored == null || stored.bytes() == null) {
      throw new AssertionError("no record of " + name);
    }
    return RecordCodec.decode(stored.bytes(), stored.version());
  }

  private RecordStore.Stored current(String name) {
    return records.getOrDefault(name, RecordStore.Stored.ABSENT);
  }

  private <T> CompletionStage<T> perform(String call, String name, Supplier<T> effect) {
    calls.add(call);
    Fate fate = call.equals(scripted) && !script.isEmpty() ? script.poll() : faults.next(call);
    return switch (fate) {
      case WELL -> answer(effect, Duration.ZERO);
      case SLOW -> answer(effect, faults.delay());
      case REFUSED -> fail(new EngineUnavailableException("refused by the test; retry"));
      case LOST -> fail(new OutcomeUnknownException("lost by the test; retry"));
      case UNANSWERED -> {
        run(effect);
        yield fail(new OutcomeUnknownException("unanswered by the test; retry"));
      }
      case LATE -> {
        environment.scheduler().schedule(() -> run(effect), faults.delay());
        yield fail(new OutcomeUnknownException("made late by the test; retry"));
      }
      case REPEATED -> {
        run(effect);
        environment.scheduler().schedule(() -> run(effect), faults.delay());
        yield fail(new OutcomeUnknownException("repeated by the test; retry"));
      }
      case OUTRUN -> {
        rewrite(name);
        yield answer(effect, Duration.ZERO);
      }
    };
  }

  private static void run(Supplier<?> effect) {
    Object unused = effect.get();
  }

  /** The effect halfway, the answer at the end. */
  private <T> CompletionStage<T> answer(Supplier<T> effect, Duration delay) {
    Duration half = roundTrip.plus(delay).dividedBy(2);
    if (half.isZero()) {
      return CompletableFuture.completedFuture(effect.get());
    }
    CompletableFuture<T> answer = new CompletableFuture<>();
    Environment.Scheduler scheduler = environment.scheduler();
    scheduler.schedule(
        () -> {
          T result = effect.get();
          scheduler.schedule(() -> answer.complete(result), half);
        },
        half);
    return answer;
  }

  private <T> CompletionStage<T> fail(RuntimeException failure) {
    if (roundTrip.isZero()) {
      return CompletableFuture.failedFuture(failure);
    }
    CompletableFuture<T> answer = new CompletableFuture<>();
    environment.scheduler().schedule(() -> answer.completeExceptionally(failure), roundTrip);
    return answer;
  }

  /** A write that changes nothing but the version. */
  private void rewrite(String name) {
    if (records.containsKey(name)) {
      put(name, RecordCodec.encode(record(name)));
    }
  }

  private void deliver(Set<Long> woken, String name) {
    for (Long id : woken) {
      Session session = sessions.get(id);
      for (int times = session == null ? 0 : faults.wakes(); times > 0; times--) {
        environment.scheduler().schedule(() -> session.onWake().accept(name), roundTrip);
      }
    }
  }

  /** One process's connection. */
  final class Client implements RecordStore {

    private final Set<Long> own = new HashSet<>();

    @Override
    public CompletionStage<Stored> read(String name) {
      return perform("read", name, () -> current(name));
    }

    @Override
    public CompletionStage<Outcome> compareAndSet(Write write) {
      return perform("compareAndSet", write.name(), () -> apply(write));
    }

    private Outcome apply(Write write) {
      if (current(write.name()).version() != write.expected()) {
        return new Outcome(false, current(write.name()));
      }
      Stored next = new Stored(++version, write.bytes());
      if (write.bytes() == null) {
        records.remove(write.name());
      } else {
        records.put(write.name(), next);
      }
      deliver(write.wake(), write.name());
      return new Outcome(true, next);
    }

    @Override
    public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
      return perform(
          "list",
          prefix,
          () ->
              records.tailMap(after, false).entrySet().stream()
                  .filter(entry -> entry.getKey().startsWith(prefix))
                  .limit(limit)
                  .map(entry -> new Entry(entry.getKey(), entry.getValue()))
                  .toList());
    }

    @Override
    public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
      long id = ++lastSession;
      sessions.put(id, new Session(terms, onWake));
      own.add(id);
      return CompletableFuture.completedFuture(id);
    }

    @Override
    public CompletionStage<Boolean> renewSession(long session) {
      return perform("renewSession", "", () -> !dead.contains(session));
    }

    @Override
    public CompletionStage<Void> closeSession(long session) {
      return perform("closeSession", "", () -> end(session));
    }

    private @Nullable Void end(long session) {
      dead.add(session);
      return null;
    }

    @Override
    public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
      Set<Long> copy = Set.copyOf(asked);
      lifeChecks += copy.size();
      return perform(
          "findDead",
          "",
          () -> {
            Set<Long> found = new HashSet<>(copy);
            found.retainAll(dead);
            return found;
          });
    }

    @Override
    public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
      Map<Long, SessionTerms> terms = new HashMap<>();
      for (Long id : asked) {
        terms.put(id, sessions.get(id).terms());
      }
      return perform("describe", "", () -> terms);
    }

    @Override
    public CompletionStage<Void> publish(long session, byte[] report) {
      return perform(
          "publish",
          "",
          () -> {
            if (!dead.contains(session)) {
              reports.put(session, report.clone());
            }
            return null;
          });
    }

    @Override
    public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
      Set<Long> copy = Set.copyOf(asked);
      return perform(
          "published",
          "",
          () -> {
            Map<Long, byte[]> found = new HashMap<>(reports);
            found.keySet().retainAll(copy);
            found.keySet().removeAll(dead);
            return found;
          });
    }

    @Override
    public CompletionStage<Void> wake(Set<Long> woken, String name) {
      return perform(
          "wake",
          name,
          () -> {
            deliver(woken, name);
            return null;
          });
    }

    @Override
    public Duration pollInterval() {
      return pollInterval;
    }

    @Override
    public EngineDescription description() {
      return new EngineDescription("faulty", "this test", List.of("none"));
    }

    @Override
    public void close() {
      dead.addAll(own);
    }
  }
}
