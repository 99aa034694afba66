package io.holdfast;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** An engine that counts commands and can be told to fail. */
final class FaultyEngine implements Engine {

  /** What becomes of a call. */
  enum Fault {
    NONE,
    /** It is lost, and never answered. */
    HANG,
    /** It is refused: nothing happened. */
    REFUSE,
    /** It takes effect, and the answer is lost. */
    HANG_ANSWER,
    /** It takes effect, and the caller hears that this is unknown. */
    UNKNOWN_OUTCOME
  }

  private final Engine engine;
  private final Queue<Command> commands = new ConcurrentLinkedQueue<>();
  private volatile Fault fault = Fault.NONE;
  private volatile Predicate<Command> faultyCommand = command -> true;
  private final Queue<Runnable> expiries = new ConcurrentLinkedQueue<>();
  private final AtomicInteger looks = new AtomicInteger();
  private volatile boolean sessionsToo;
  private volatile boolean openingRefused;

  FaultyEngine(Engine engine) {
    this.engine = engine;
  }

  /** From now on everything goes wrong like this, or right again. */
  void allCalls(Fault next) {
    sessionsToo = true;
    faultyCommand = command -> true;
    fault = next;
  }

  /** From now on some commands go wrong like this; sessions and looks go right. */
  void someCommands(Fault next, Predicate<Command> which) {
    sessionsToo = false;
    faultyCommand = which;
    fault = next;
  }

  /** The engine ends all sessions and opens no other one until it is healed. */
  void endSessions() {
    openingRefused = true;
    expiries.forEach(Runnable::run);
    expiries.clear();
  }

  /** Everything goes right again. */
  void heal() {
    openingRefused = false;
    fault = Fault.NONE;
  }

  /** The commands so far, whatever became of them. */
  List<Command> commands() {
    return List.copyOf(commands);
  }

  /** How often a lock was looked at, or waits were reported or read. */
  int looks() {
    return looks.get();
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    if (openingRefused) {
      return call(Fault.REFUSE, () -> engine.openSession(terms, listener));
    }
    return sessionCall(
        () -> engine.openSession(terms, listener).thenApply(opened -> watched(opened, listener)));
  }

  private EngineSession watched(EngineSession opened, SessionListener listener) {
    expiries.add(
        () -> {
          opened.close();
          listener.onExpired();
        });
    return new FaultySession(opened);
  }

  @Override
  public CompletionStage<Optional<LockView>> read(String name) {
    looks.incrementAndGet();
    return sessionCall(() -> engine.read(name));
  }

  @Override
  public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
    return sessionCall(() -> engine.list(prefix, after, limit));
  }

  @Override
  public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
    looks.incrementAndGet();
    return sessionCall(() -> engine.reports(sessions));
  }

  @Override
  public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
    return sessionCall(() -> engine.forceRelease(name, grant, id));
  }

  @Override
  public EngineDescription description() {
    return engine.description();
  }

  @Override
  public void close() {
    engine.close();
  }

  private <T> CompletionStage<T> sessionCall(Supplier<CompletionStage<T>> call) {
    return call(sessionsToo ? fault : Fault.NONE, call);
  }

  private static <T> CompletionStage<T> call(Fault fault, Supplier<CompletionStage<T>> call) {
    switch (fault) {
      case HANG:
        return new CompletableFuture<>();
      case REFUSE:
        return CompletableFuture.failedFuture(
            new EngineUnavailableException("the engine is out of order; mend it"));
      case HANG_ANSWER:
        return call.get().thenCompose(lost -> new CompletableFuture<>());
      case UNKNOWN_OUTCOME:
        return call.get()
            .thenCompose(
                lost ->
                    CompletableFuture.failedFuture(
                        new OutcomeUnknownException("the answer was lost; ask again")));
      default:
        return call.get();
    }
  }

  private final class FaultySession implements EngineSession {
    private final EngineSession session;

    FaultySession(EngineSession session) {
      this.session = session;
    }

    @Override
    public long id() {
      return session.id();
    }

    @Override
    public CompletionStage<Reply> submit(String name, Command command) {
      commands.add(command);
      Fault present = faultyCommand.test(command) ? fault : Fault.NONE;
      return call(present, () -> session.submit(name, command));
    }

    @Override
    public CompletionStage<Void> renew() {
      return sessionCall(session::renew);
    }

    @Override
    public CompletionStage<Void> report(WaitReport report) {
      looks.incrementAndGet();
      return sessionCall(() -> session.report(report));
    }

    @Override
    public void remind(String name, Set<Long> sessions) {
      session.remind(name, sessions);
    }

    @Override
    public CompletionStage<Void> close() {
      return sessionCall(session::close);
    }
  }
}
