package io.holdfast.engine;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordUpdate.Result;
import io.holdfast.engine.RecordUpdate.Task;
import io.holdfast.rules.Command;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.UnknownFormatException;
import io.holdfast.rules.WaitReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine made of a store with compare-and-set: the clients apply the lock rules themselves, to
 * one record at a time. Dead sessions are dropped by whoever comes across them; there is no
 * janitor.
 *
 * <p>A request passes {@link StoreSession}, then the {@link StoreLock} of its name, then a {@link
 * RecordUpdate}, which applies {@link io.holdfast.rules.LockRules} and writes. {@link WaitPoll}
 * makes good for lost wake-ups.
 *
 * <p>Has no thread of its own: work is done in the threads that call it, in those that complete the
 * store's stages, and in the scheduler.
 */
public final class StoreEngine implements Engine {

  /** How many locks one page of {@link #list} may have. */
  private static final int MAX_PAGE = 1_000;

  private static final Duration SUSPICION = Duration.ofMillis(200);

  private static final Logger LOG = LoggerFactory.getLogger(StoreEngine.class);

  private final RecordStore store;
  private final Environment environment;
  private final ConcurrentMap<Long, StoreSession> sessions = new ConcurrentHashMap<>();
  private final AtomicInteger pollers = new AtomicInteger();
  private final Sightings sightings;
  private final AtomicReference<@Nullable EngineUnavailableException> stopped =
      new AtomicReference<>();

  /**
   * Makes an engine of a store.
   *
   * @param store owned and closed by this engine
   * @param environment clocks, scheduler and chance; owned and closed by the caller
   */
  public StoreEngine(RecordStore store, Environment environment) {
    this.store = new DeadlineStore(store, environment);
    this.environment = environment;
    this.sightings = new Sightings(environment.ticker());
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    CompletableFuture<EngineSession> opened = new CompletableFuture<>();
    RuntimeException refusal = stopped();
    if (refusal != null) {
      opened.completeExceptionally(refusal);
      return opened;
    }
    // A wake-up that comes before the session is known here is about nothing of it.
    AtomicReference<@Nullable StoreSession> known = new AtomicReference<>();
    Calls.call(
        () ->
            store.openSession(
                terms,
                name -> {
                  StoreSession session = known.get();
                  if (session != null) {
                    session.wake(name);
                  }
                }),
        id -> {
          StoreSession session = new StoreSession(this, id, terms, listener);
          sessions.put(id, session);
          known.set(session);
          opened.complete(session);
        },
        opened::completeExceptionally);
    return opened;
  }

  @Override
  public CompletionStage<Optional<LockView>> read(String name) {
    LockNames.require(name);
    return look(name).thenCompose(result -> view(name, result.record()));
  }

  @Override
  public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
    if (limit < 1 || limit > MAX_PAGE) {
      throw new IllegalArgumentException(
          "a page has 1 to " + MAX_PAGE + " locks, not " + limit + "; ask for several pages");
    }
    return page(prefix, after, limit, List.of());
  }

  @Override
  public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> asked) {
    return Calls.call(() -> store.published(asked))
        .thenApply(
            published -> {
              Map<Long, WaitReport> reports = new HashMap<>();
              published.forEach((session, report) -> reports.put(session, decode(report)));
              return reports;
            });
  }

  /** What a newer Holdfast says is not understood, and as good as unsaid. */
  private static WaitReport decode(byte[] report) {
    try {
      return WaitReport.decode(report);
    } catch (UnknownFormatException newer) {
      LOG.debug("a report of waits is left aside", newer);
      return WaitReport.NONE;
    }
  }

  @Override
  public Duration suspicion() {
    return SUSPICION;
  }

  @Override
  public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
    LockNames.require(name);
    // A grant that was there before a write went unanswered, and is gone now, has been ended.
    return update(name, new Task(new Command.ForceRelease(grant, id), false, null))
        .thenApply(result -> result.doubted() || result.reply() instanceof Reply.Done);
  }

  @Override
  public EngineDescription description() {
    return store.description();
  }

  @Override
  public CompletionStage<List<Finding>> examine() {
    return Calls.call(store::examine);
  }

  @Override
  public void close() {
    stopped.compareAndSet(
        null,
        new EngineUnavailableException("this engine has been closed; open another one and retry"));
    List.copyOf(sessions.values()).forEach(StoreSession::drop);
    store.close();
  }

  RecordStore store() {
    return store;
  }

  Environment environment() {
    return environment;
  }

  Sightings sightings() {
    return sightings;
  }

  /** How many names are polled at present. */
  AtomicInteger pollers() {
    return pollers;
  }

  /** Why nothing may be done any more; {@code null} as long as all is well. */
  @Nullable EngineUnavailableException stopped() {
    return stopped.get();
  }

  /** A record contradicts the rules. Whatever came next would be a guess, so nothing does. */
  EngineUnavailableException stop(String name, IllegalStateException broken) {
    EngineUnavailableException refusal =
        new EngineUnavailableException(
            "this engine has stopped, because the record of lock "
                + name
                + " contradicts the rules ("
                + broken.getMessage()
                + "); report it with the record, then open another engine",
            broken);
    if (stopped.compareAndSet(null, refusal)) {
      LOG.error("lock {} has a record that contradicts the rules; stopping", name, broken);
    }
    return refusal;
  }

  /** Those sessions that live in this very object. */
  Set<Long> local(Collection<Long> ids) {
    Set<Long> here = new HashSet<>(ids);
    here.retainAll(sessions.keySet());
    return here;
  }

  /** Wakes sessions of this object without the store. */
  void wakeLocal(Collection<Long> ids, String name) {
    for (Long id : ids) {
      StoreSession session = sessions.get(id);
      if (session != null) {
        session.wake(name);
      }
    }
  }

  /** Wakes sessions wherever they are, on a best-effort basis. */
  void wake(Set<Long> ids, String name) {
    Set<Long> here = local(ids);
    wakeLocal(here, name);
    Set<Long> elsewhere = new HashSet<>(ids);
    elsewhere.removeAll(here);
    if (!elsewhere.isEmpty()) {
      Calls.call(
          () -> store.wake(elsewhere, name),
          woken -> {},
          failure -> LOG.debug("waking {} for lock {} failed", elsewhere, name, failure));
    }
  }

  void forget(StoreSession session) {
    sessions.remove(session.id(), session);
  }

  private CompletableFuture<Result> update(String name, Task task) {
    return RecordUpdate.run(this, name, Stored.ABSENT, task);
  }

  /** The record without the dead. */
  private CompletableFuture<Result> look(String name) {
    return update(name, new Task(null, true, null));
  }

  private CompletionStage<Optional<LockView>> view(String name, @Nullable LockRecord record) {
    if (record == null) {
      return CompletableFuture.completedFuture(Optional.empty());
    }
    return Calls.call(() -> store.describe(RecordUpdate.sessions(record)))
        .thenApply(described -> Optional.of(new LockView(name, record, described)));
  }

  /** Fills a page; what the dead leave empty is filled up from what comes next. */
  private CompletionStage<List<LockView>> page(
      String prefix, String after, int limit, List<LockView> found) {
    int wanted = limit - found.size();
    return Calls.call(() -> store.list(prefix, after, wanted))
        .thenCompose(
            entries ->
                living(entries)
                    .thenCompose(this::views)
                    .thenCompose(
                        views -> {
                          List<LockView> all = new ArrayList<>(found);
                          all.addAll(views);
                          if (entries.size() < wanted || all.size() == limit) {
                            return CompletableFuture.completedFuture(List.copyOf(all));
                          }
                          String last = entries.get(entries.size() - 1).name();
                          return page(prefix, last, limit, all);
                        }));
  }

  /** A lock as listed. */
  private record Listed(String name, LockRecord record) {}

  /** Drops the dead from the records of a page: one check for all, a write where it is needed. */
  private CompletionStage<List<Listed>> living(List<Entry> entries) {
    List<Listed> listed = new ArrayList<>();
    Set<Long> present = new HashSet<>();
    for (Entry entry : entries) {
      LockRecord record = RecordUpdate.decode(entry.name(), entry.stored());
      if (record != null) {
        listed.add(new Listed(entry.name(), record));
        present.addAll(RecordUpdate.sessions(record));
      }
    }
    if (present.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    return Calls.call(() -> store.findDead(present)).thenCompose(dead -> without(dead, listed));
  }

  private CompletionStage<List<Listed>> without(Set<Long> dead, List<Listed> listed) {
    CompletionStage<List<Listed>> kept = CompletableFuture.completedFuture(new ArrayList<>());
    for (Listed lock : listed) {
      boolean clean = RecordUpdate.sessions(lock.record()).stream().noneMatch(dead::contains);
      CompletionStage<Optional<LockRecord>> record =
          clean
              ? CompletableFuture.completedFuture(Optional.of(lock.record()))
              : look(lock.name()).thenApply(result -> Optional.ofNullable(result.record()));
      kept =
          kept.thenCombine(
              record,
              (locks, found) -> {
                found.ifPresent(living -> locks.add(new Listed(lock.name(), living)));
                return locks;
              });
    }
    return kept;
  }

  private CompletionStage<List<LockView>> views(List<Listed> locks) {
    if (locks.isEmpty()) {
      return CompletableFuture.completedFuture(List.of());
    }
    Set<Long> present = new HashSet<>();
    locks.forEach(lock -> present.addAll(RecordUpdate.sessions(lock.record())));
    return Calls.call(() -> store.describe(present))
        .thenApply(described -> locks.stream().map(lock -> view(lock, described)).toList());
  }

  private static LockView view(Listed lock, Map<Long, SessionTerms> described) {
    Map<Long, SessionTerms> own = new HashMap<>(described);
    own.keySet().retainAll(RecordUpdate.sessions(lock.record()));
    return new LockView(lock.name(), lock.record(), own);
  }
}
