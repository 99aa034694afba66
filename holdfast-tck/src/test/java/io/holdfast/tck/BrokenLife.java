package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** Engines that are wrong about sessions, events and what they show. */
final class BrokenLife {

  private BrokenLife() {}

  static List<PlantedBug> all() {
    return List.of(
        PlantedBug.around("an expired session seems to live again", "r4_5_", Resurrection::new),
        PlantedBug.around("close of a session leaves its locks", "r4_9_", LeavingClose::new),
        PlantedBug.around("close of a session ends all of its engine", "r4_11_", GreedyClose::new),
        deaf("a grant is never told", "r9_1_", Event.Granted.class),
        deaf("a revoke is never told", "r6_1_", Event.Revoke.class),
        deaf("a busy TRY is never told", "r6_5_", Event.Rejected.class),
        deaf("a forced end is never told", "r9_2_", Event.Ended.class),
        PlantedBug.around("everybody hears everything", "r9_3_", Gossip::new),
        PlantedBug.around("force-release ignores the id", "r11_7_", Brute::new),
        PlantedBug.around("a listing remembers locks at rest", "r11_8_", LongMemory::new),
        PlantedBug.around("a listing begins anew on every page", "r11_4_", FirstPage::new),
        PlantedBug.around("a look is stale", "r11_5_", StaleLook::new),
        PlantedBug.around("only the first report of waits counts", "r14_1_", FirstReport::new),
        PlantedBug.around("a reminder reminds nobody", "r14_3_", Forgetful::new));
  }

  private static PlantedBug deaf(String title, String caughtBy, Class<? extends Event> to) {
    return PlantedBug.around(
        title,
        caughtBy,
        good ->
            new EngineFilter(good) {
              @Override
              void tell(SessionListener listener, String name, Event event) {
                if (!to.isInstance(event)) {
                  listener.onEvent(name, event);
                }
              }
            });
  }

  /** Takes one report of each session. */
  private static final class FirstReport extends EngineFilter {
    private final Set<Long> heard = ConcurrentHashMap.newKeySet();

    FirstReport(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Void> report(EngineSession session, WaitReport report) {
      return heard.add(session.id())
          ? session.report(report)
          : CompletableFuture.completedFuture(null);
    }
  }

  /** Reminds nobody. */
  private static final class Forgetful extends EngineFilter {
    Forgetful(Engine good) {
      super(good);
    }

    @Override
    void remind(EngineSession session, String name, Set<Long> sessions) {}
  }

  /** Answers every renewal with success. */
  private static final class Resurrection extends EngineFilter {
    Resurrection(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Void> renew(EngineSession session) {
      return session.renew().exceptionally(ended -> null);
    }
  }

  /** Lets a closed session run out by itself. */
  private static final class LeavingClose extends EngineFilter {
    LeavingClose(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Void> close(EngineSession session) {
      return CompletableFuture.completedFuture(null);
    }
  }

  /** Takes the engine for the session. */
  private static final class GreedyClose extends EngineFilter {
    private final Set<EngineSession> sessions = ConcurrentHashMap.newKeySet();

    GreedyClose(Engine good) {
      super(good);
    }

    @Override
    public CompletionStage<EngineSession> openSession(
        SessionTerms terms, SessionListener listener) {
      return super.openSession(terms, listener)
          .thenApply(
              session -> {
                sessions.add(session);
                return session;
              });
    }

    @Override
    CompletionStage<Void> close(EngineSession session) {
      sessions.removeIf(other -> other.id() == session.id());
      List<EngineSession> others = List.copyOf(sessions);
      sessions.clear();
      others.forEach(EngineSession::close);
      return session.close();
    }
  }

  /** Tells every listener of the engine. */
  private static final class Gossip extends EngineFilter {
    private static final Set<SessionListener> ALL = ConcurrentHashMap.newKeySet();

    Gossip(Engine good) {
      super(good);
    }

    @Override
    public CompletionStage<EngineSession> openSession(
        SessionTerms terms, SessionListener listener) {
      ALL.add(listener);
      return super.openSession(terms, listener);
    }

    @Override
    void tell(SessionListener listener, String name, Event event) {
      ALL.forEach(each -> each.onEvent(name, event));
    }
  }

  /** Ends whatever grant the request has. */
  private static final class Brute extends EngineFilter {
    Brute(Engine good) {
      super(good);
    }

    @Override
    public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
      return read(name)
          .thenCompose(
              view ->
                  super.forceRelease(
                      name,
                      grant,
                      view.flatMap(seen -> seen.record().grant(grant))
                          .map(found -> found.id())
                          .orElse(id)));
    }
  }

  /** Shows every lock that was ever shown. */
  private static final class LongMemory extends EngineFilter {
    private final Map<String, LockView> seen = new ConcurrentSkipListMap<>();

    LongMemory(Engine good) {
      super(good);
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      LockRecord free = LockRecord.free(LockKind.MUTEX);
      seen.putIfAbsent(name, new LockView(name, free, Map.of()));
      return session.submit(name, command);
    }

    @Override
    public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
      return super.list(prefix, after, limit)
          .thenApply(
              views -> {
                Map<String, LockView> all = new TreeMap<>(seen);
                views.forEach(view -> all.put(view.name(), view));
                return all.values().stream()
                    .filter(view -> view.name().startsWith(prefix))
                    .filter(view -> view.name().compareTo(after) > 0)
                    .limit(limit)
                    .toList();
              });
    }
  }

  /** Ignores where the page before ended. */
  private static final class FirstPage extends EngineFilter {
    FirstPage(Engine good) {
      super(good);
    }

    @Override
    public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
      return super.list(prefix, "", limit);
    }
  }

  /** Shows what it saw the time before. */
  private static final class StaleLook extends EngineFilter {
    private final Map<String, Optional<LockView>> seen = new ConcurrentHashMap<>();

    StaleLook(Engine good) {
      super(good);
    }

    @Override
    public CompletionStage<Optional<LockView>> read(String name) {
      return super.read(name)
          .thenApply(
              view -> {
                Optional<LockView> before = seen.put(name, view);
                return before == null ? view : before;
              });
    }
  }
}
