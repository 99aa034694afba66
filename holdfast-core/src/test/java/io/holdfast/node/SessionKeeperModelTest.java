package io.holdfast.node;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.LockView;
import io.holdfast.engine.ManualEnvironment;
import io.holdfast.engine.SessionEndedException;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jetbrains.lincheck.datastructures.ManagedStrategyGuaranteeKt;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * {@link SessionKeeper} while answers of the engine, its word that a session has ended, the passing
 * of time and {@code close()} meet in any order.
 */
@Isolated("Lincheck instruments what all tests use")
public class SessionKeeperModelTest {

  private static final Duration TTL = Duration.ofSeconds(10);

  private final ManualEnvironment time = new ManualEnvironment();
  private final AnswersLater engine = new AnswersLater();
  private final Story story = new Story();
  private final SessionKeeper keeper =
      new SessionKeeper(
          engine, new SessionTerms(TTL, "node", "host", 1), time.environment(), story);

  public SessionKeeperModelTest() {
    CompletableFuture<Void> started = keeper.start();
    engine.answer(null);
    started.join();
    // A renewal is on its way.
    time.advance(TTL.dividedBy(3));
  }

  @Test
  void knowsWhatItCanProveUnderChosenSchedules() {
    Models.checking(Unseen.class, 2)
        .addGuarantee(
            ManagedStrategyGuaranteeKt.forClasses(SessionKeeperModelTest::isTime)
                .methods((String method) -> !method.equals("advance"))
                .ignore())
        .check(SessionKeeperModelTest.class);
  }

  @Test
  void knowsWhatItCanProveUnderManySchedules() {
    Models.stressing(Unseen.class).check(SessionKeeperModelTest.class);
  }

  /** The clocks and timers are no part of what is checked; what timers run is. */
  private static boolean isTime(String type) {
    return type.startsWith(ManualEnvironment.class.getName());
  }

  /** Enough for a renewal to be sent, not enough for the lease to end. */
  @Operation(nonParallelGroup = "time")
  public void passSomeTime() {
    time.advance(TTL.dividedBy(3));
  }

  @Operation(nonParallelGroup = "time")
  public void passMuchTime() {
    time.advance(TTL);
  }

  @Operation
  public void answer() {
    engine.answer(null);
  }

  @Operation
  public void fail() {
    engine.answer(new IllegalStateException("cut"));
  }

  @Operation
  public void end() {
    engine.end();
  }

  @Operation
  public void ask() {
    long now = time.environment().ticker().nanoTime();
    if (keeper.isProven() && now - engine.renewedUntil() >= 0) {
      story.broken("proven beyond what the engine granted");
    }
  }

  @Operation(runOnce = true)
  public void close() {
    EngineSession ending = keeper.stop();
    if (ending != null) {
      ending.close();
    }
    if (keeper.isProven()) {
      story.broken("proven after close");
    }
  }

  /** Called by Lincheck when all threads are through. */
  @Validate
  public void isAliveOrClosed() {
    if (keeper.session() == null && keeper.isProven()) {
      story.broken("proven without a session");
    }
    for (int round = 0; round < 4; round++) {
      engine.answerAll();
      time.advance(TTL.dividedBy(3));
    }
    engine.answerAll();
    if (keeper.isClosed()) {
      if (keeper.session() != null || keeper.isProven() || engine.isAnySessionOpen()) {
        story.broken("a session outlives close");
      }
    } else if (keeper.session() == null || !keeper.isProven() || !story.isActive()) {
      story.broken("not alive although the engine answers");
    }
    story.mustBeWhole();
  }

  /** Nothing of what the operations do is to be seen in their results. */
  public static final class Unseen {
    public void passSomeTime() {}

    public void passMuchTime() {}

    public void answer() {}

    public void fail() {}

    public void end() {}

    public void ask() {}

    public void close() {}
  }

  /** What the keeper tells the node. */
  private static final class Story implements SessionKeeper.Watcher {
    private boolean active;
    private @Nullable String broken;

    synchronized void broken(String what) {
      broken = what;
    }

    synchronized boolean isActive() {
      return active;
    }

    synchronized void mustBeWhole() {
      if (broken != null) {
        throw new IllegalStateException(broken);
      }
    }

    @Override
    public void onEvent(String name, Event event) {}

    @Override
    public synchronized void onSuspended() {
      if (!active) {
        broken("suspended, but was not active");
      }
      active = false;
    }

    @Override
    public synchronized void onActive() {
      // For the second time if the lease ran out and was proven before anybody noticed.
      active = true;
    }

    @Override
    public synchronized void onLost() {
      active = false;
    }
  }

  /** An engine that answers when it is told to. */
  private final class AnswersLater implements Engine {
    private final Queue<Consumer<@Nullable RuntimeException>> calls = new ArrayDeque<>();
    private final Set<Session> open = new HashSet<>();
    private long sessions;
    private long renewedUntil;

    void answerAll() {
      while (answer(null)) {
        // The answer to an opening may be followed by a call.
      }
    }

    /** Answers the oldest call; false if there is none. */
    boolean answer(@Nullable RuntimeException problem) {
      Consumer<@Nullable RuntimeException> call = next();
      if (call != null) {
        call.accept(problem);
      }
      return call != null;
    }

    private synchronized @Nullable Consumer<@Nullable RuntimeException> next() {
      return calls.poll();
    }

    void end() {
      for (Session session : endAll()) {
        session.listener.onExpired();
      }
    }

    private synchronized List<Session> endAll() {
      List<Session> ended = List.copyOf(open);
      open.clear();
      return ended;
    }

    synchronized boolean isAnySessionOpen() {
      return !open.isEmpty();
    }

    synchronized long renewedUntil() {
      return renewedUntil;
    }

    private synchronized void renewed(long sentAt) {
      renewedUntil = Math.max(renewedUntil, sentAt + TTL.toNanos());
    }

    private synchronized <T> CompletionStage<T> later(Consumer<CompletableFuture<T>> work) {
      CompletableFuture<T> stage = new CompletableFuture<>();
      calls.add(
          problem -> {
            if (problem == null) {
              work.accept(stage);
            } else {
              stage.completeExceptionally(problem);
            }
          });
      return stage;
    }

    private synchronized Session opened(SessionListener listener) {
      Session session = new Session(++sessions, listener);
      open.add(session);
      return session;
    }

    private synchronized boolean isOpen(Session session) {
      return open.contains(session);
    }

    private synchronized void closed(Session session) {
      open.remove(session);
    }

    @Override
    public CompletionStage<EngineSession> openSession(
        SessionTerms terms, SessionListener listener) {
      long sentAt = time.environment().ticker().nanoTime();
      return later(
          stage -> {
            renewed(sentAt);
            stage.complete(opened(listener));
          });
    }

    @Override
    public CompletionStage<Optional<LockView>> read(String name) {
      throw new UnsupportedOperationException("nobody looks");
    }

    @Override
    public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
      throw new UnsupportedOperationException("nobody looks");
    }

    @Override
    public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
      return CompletableFuture.completedFuture(Map.of());
    }

    @Override
    public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
      throw new UnsupportedOperationException("no operator");
    }

    @Override
    public EngineDescription description() {
      return new EngineDescription("later", "here", List.of());
    }

    @Override
    public void close() {}
  }

  private final class Session implements EngineSession {
    private final long id;
    private final SessionListener listener;

    Session(long id, SessionListener listener) {
      this.id = id;
      this.listener = listener;
    }

    @Override
    public long id() {
      return id;
    }

    @Override
    public CompletionStage<Reply> submit(String name, Command command) {
      throw new UnsupportedOperationException("nobody locks");
    }

    @Override
    public CompletionStage<Void> report(WaitReport report) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void remind(String name, Set<Long> sessions) {}

    @Override
    public CompletionStage<Void> renew() {
      long sentAt = time.environment().ticker().nanoTime();
      // Renewed now, answered later: the session may have ended by then.
      boolean renewed = engine.isOpen(this);
      if (renewed) {
        engine.renewed(sentAt);
      }
      return engine.later(
          stage -> {
            if (renewed) {
              stage.complete(null);
            } else {
              stage.completeExceptionally(new SessionEndedException(id, "it has ended"));
            }
          });
    }

    @Override
    public CompletionStage<Void> close() {
      engine.closed(this);
      return CompletableFuture.completedFuture(null);
    }
  }
}
