package io.holdfast.tck;

import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.SessionListener;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An engine on a bad network: every command arrives twice, every third one is not answered although
 * it took effect, every release arrives once more much later, and every event is told twice.
 */
final class StutteringEngine extends EngineFilter {

  private static final Duration LATE = Duration.ofMillis(30);

  private final AtomicInteger commands = new AtomicInteger();

  StutteringEngine(Engine good) {
    super(good);
  }

  @Override
  void tell(SessionListener listener, String name, Event event) {
    listener.onEvent(name, event);
    listener.onEvent(name, event);
  }

  @Override
  CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
    boolean answered = commands.incrementAndGet() % 3 != 0;
    CompletionStage<Reply> first = session.submit(name, command);
    CompletionStage<Reply> second = session.submit(name, command);
    if (command instanceof Command.Release) {
      CompletableFuture.delayedExecutor(LATE.toMillis(), TimeUnit.MILLISECONDS)
          .execute(() -> session.submit(name, command));
    }
    return first
        .thenCombine(second, (one, two) -> two)
        .thenCompose(
            reply ->
                answered
                    ? CompletableFuture.completedFuture(reply)
                    : CompletableFuture.failedFuture(
                        new OutcomeUnknownException("not answered; submit it again")));
  }
}
