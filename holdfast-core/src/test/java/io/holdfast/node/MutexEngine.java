package io.holdfast.node;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.LockView;
import io.holdfast.engine.Outbox;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The smallest engine there is, for model checking: one mutex, first come, first served. Answers at
 * once; sessions never end.
 */
final class MutexEngine implements Engine {

  private record Place(RequestId request, SessionListener listener) {}

  private final Environment environment;
  private final Outbox outbox = new Outbox();
  private final AtomicLong sessions = new AtomicLong();

  /** The holder, then the waiters. */
  private final List<Place> places = new ArrayList<>();

  private long grants;

  MutexEngine(Environment environment) {
    this.environment = environment;
  }

  synchronized boolean isAtRest() {
    return places.isEmpty();
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    return CompletableFuture.completedFuture(new Session(sessions.incrementAndGet(), listener));
  }

  private synchronized Reply apply(Command command, SessionListener from) {
    if (command instanceof Command.Acquire acquire) {
      return acquire(new Place(acquire.request(), from));
    }
    if (command instanceof Command.Release release) {
      end(release.request());
    } else if (command instanceof Command.Cancel cancel) {
      end(cancel.request());
    }
    return new Reply.Done();
  }

  private Reply acquire(Place place) {
    places.add(place);
    if (places.size() == 1) {
      return new Reply.Granted(++grants);
    }
    askBack();
    return new Reply.Queued(places.size() - 2);
  }

  private void end(RequestId request) {
    boolean held = !places.isEmpty() && places.get(0).request().equals(request);
    places.removeIf(place -> place.request().equals(request));
    if (held && !places.isEmpty()) {
      Place next = places.get(0);
      tell(next, new Event.Granted(next.request(), ++grants));
      if (places.size() > 1) {
        askBack();
      }
    }
  }

  private void askBack() {
    tell(places.get(0), new Event.Revoke(places.get(0).request(), false));
  }

  private void tell(Place place, Event event) {
    outbox.post(() -> place.listener().onEvent("lock", event));
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
    return new EngineDescription("mutex", "here", List.of());
  }

  @Override
  public void close() {}

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
      Reply reply = apply(command, listener);
      outbox.deliver(environment.scheduler());
      return CompletableFuture.completedFuture(reply);
    }

    @Override
    public CompletionStage<Void> report(WaitReport report) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public void remind(String name, Set<Long> sessions) {}

    @Override
    public CompletionStage<Void> renew() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Void> close() {
      return CompletableFuture.completedFuture(null);
    }
  }
}
