package io.holdfast.engine;

import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import io.holdfast.rules.SpaceCommand;
import io.holdfast.rules.SpaceReply;
import io.holdfast.rules.WaitReport;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A session of an {@link EmbeddedSpace}. Thread-safe. */
final class EmbeddedSession implements EngineSession {

  private final EmbeddedSpace space;
  private final EmbeddedEngine engine;
  private final long id;
  private final SessionTerms terms;
  private final SessionListener listener;

  /** What it has said of its waits; guarded by the space. */
  @Nullable WaitReport report;

  /** When it was opened or last renewed, on the clock of the space, which also guards it. */
  long renewedAt;

  EmbeddedSession(
      EmbeddedSpace space,
      EmbeddedEngine engine,
      long id,
      SessionTerms terms,
      SessionListener listener) {
    this.space = space;
    this.engine = engine;
    this.id = id;
    this.terms = terms;
    this.listener = listener;
  }

  @Override
  public long id() {
    return id;
  }

  @Override
  public CompletionStage<Reply> submit(String name, Command command) {
    return Stages.of(
        () -> {
          if (command.session() != id) {
            throw new IllegalArgumentException(
                "session " + id + " cannot submit a command of session " + command.session());
          }
          SpaceReply reply = space.submit(this, new SpaceCommand.OnLock(name, command));
          if (reply instanceof SpaceReply.OfLock answer) {
            return answer.reply();
          }
          throw ended();
        });
  }

  @Override
  public CompletionStage<Void> renew() {
    return Stages.run(
        () -> {
          if (!space.renew(this)) {
            throw ended();
          }
        });
  }

  @Override
  public CompletionStage<Void> report(WaitReport said) {
    return Stages.run(
        () -> {
          if (!space.report(this, said)) {
            throw ended();
          }
        });
  }

  @Override
  public void remind(String name, Set<Long> sessions) {
    space.remind(engine, name, sessions);
  }

  @Override
  public CompletionStage<Void> close() {
    return Stages.run(() -> space.close(this));
  }

  EmbeddedEngine engine() {
    return engine;
  }

  SessionTerms terms() {
    return terms;
  }

  SessionListener listener() {
    return listener;
  }

  private SessionEndedException ended() {
    return new SessionEndedException(
        id, "it was closed, or not renewed for its TTL of " + terms.ttl());
  }
}
