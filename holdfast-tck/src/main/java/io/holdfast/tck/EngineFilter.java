package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/** Passes everything on to another engine. A subclass changes one thing. */
class EngineFilter implements Engine {

  private final Engine good;

  EngineFilter(Engine good) {
    this.good = good;
  }

  /** The engine behind this one. */
  final Engine good() {
    return good;
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    return good.openSession(
            terms,
            new SessionListener() {
              @Override
              public void onEvent(String name, Event event) {
                tell(listener, name, event);
              }

              @Override
              public void onExpired() {
                tellExpired(listener);
              }
            })
        .thenApply(session -> new Session(this, session));
  }

  /** Passes an event on. */
  void tell(SessionListener listener, String name, Event event) {
    listener.onEvent(name, event);
  }

  /** Passes the news of a session's end on. */
  void tellExpired(SessionListener listener) {
    listener.onExpired();
  }

  /** Passes a command on. */
  CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
    return session.submit(name, command);
  }

  /** Passes a renewal on. */
  CompletionStage<Void> renew(EngineSession session) {
    return session.renew();
  }

  /** Passes a report of waits on. */
  CompletionStage<Void> report(EngineSession session, WaitReport report) {
    return session.report(report);
  }

  /** Passes a reminder on. */
  void remind(EngineSession session, String name, Set<Long> sessions) {
    session.remind(name, sessions);
  }

  /** Passes the end of a session on. */
  CompletionStage<Void> close(EngineSession session) {
    return session.close();
  }

  @Override
  public CompletionStage<Optional<LockView>> read(String name) {
    return good.read(name);
  }

  @Override
  public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
    return good.list(prefix, after, limit);
  }

  @Override
  public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
    return good.reports(sessions);
  }

  @Override
  public Duration suspicion() {
    return good.suspicion();
  }

  @Override
  public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
    return good.forceRelease(name, grant, id);
  }

  @Override
  public EngineDescription description() {
    return good.description();
  }

  @Override
  public void close() {
    good.close();
  }

  private record Session(EngineFilter engine, EngineSession good) implements EngineSession {

    @Override
    public long id() {
      return good.id();
    }

    @Override
    public CompletionStage<Reply> submit(String name, Command command) {
      return engine.submit(good, name, command);
    }

    @Override
    public CompletionStage<Void> renew() {
      return engine.renew(good);
    }

    @Override
    public CompletionStage<Void> report(WaitReport report) {
      return engine.report(good, report);
    }

    @Override
    public void remind(String name, Set<Long> sessions) {
      engine.remind(good, name, sessions);
    }

    @Override
    public CompletionStage<Void> close() {
      return engine.close(good);
    }
  }
}
