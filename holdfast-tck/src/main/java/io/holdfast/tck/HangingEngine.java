package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An engine whose store hangs on request: nothing is answered and nothing heard until it recovers.
 */
final class HangingEngine extends EngineFilter {

  /** What waits for the recovery, in order; guarded by itself, as is whether anything must wait. */
  private final Queue<Runnable> waiting = new ArrayDeque<>();

  private boolean hangs;

  HangingEngine(Engine good) {
    super(good);
  }

  /** From now on nothing is answered. */
  void hang() {
    synchronized (waiting) {
      hangs = true;
    }
  }

  /** Everything is answered again, also what was asked meanwhile, in the order of asking. */
  void recover() {
    for (Runnable next = next(); next != null; next = next()) {
      next.run();
    }
  }

  private @Nullable Runnable next() {
    synchronized (waiting) {
      hangs &= !waiting.isEmpty();
      return waiting.poll();
    }
  }

  private <T> CompletionStage<T> whenWell(Supplier<CompletionStage<T>> call) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    synchronized (waiting) {
      if (hangs) {
        waiting.add(
            () -> call.get().whenComplete((value, failure) -> pass(value, failure, answer)));
        return answer;
      }
    }
    return call.get();
  }

  private static <T> void pass(T value, @Nullable Throwable failure, CompletableFuture<T> answer) {
    if (failure == null) {
      answer.complete(value);
    } else {
      answer.completeExceptionally(
          failure instanceof CompletionException wrapped && wrapped.getCause() != null
              ? wrapped.getCause()
              : failure);
    }
  }

  private boolean hangs() {
    synchronized (waiting) {
      return hangs;
    }
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    return whenWell(() -> super.openSession(terms, listener));
  }

  @Override
  void tell(SessionListener listener, String name, Event event) {
    if (!hangs()) {
      listener.onEvent(name, event);
    }
  }

  @Override
  void tellExpired(SessionListener listener) {
    if (!hangs()) {
      listener.onExpired();
    }
  }

  @Override
  CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
    return whenWell(() -> session.submit(name, command));
  }

  @Override
  CompletionStage<Void> renew(EngineSession session) {
    return whenWell(() -> session.renew());
  }

  @Override
  CompletionStage<Void> report(EngineSession session, WaitReport report) {
    return whenWell(() -> session.report(report));
  }

  @Override
  CompletionStage<Void> close(EngineSession session) {
    return whenWell(() -> session.close());
  }

  @Override
  public CompletionStage<Optional<LockView>> read(String name) {
    return whenWell(() -> super.read(name));
  }

  @Override
  public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
    return whenWell(() -> super.list(prefix, after, limit));
  }

  @Override
  public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
    return whenWell(() -> super.reports(sessions));
  }

  @Override
  public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
    return whenWell(() -> super.forceRelease(name, grant, id));
  }
}
