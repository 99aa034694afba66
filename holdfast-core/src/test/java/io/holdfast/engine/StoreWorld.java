package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** Some processes with a {@link StoreEngine} each, over one store, on one hand-driven clock. */
final class StoreWorld {

  static final SessionTerms TERMS =
      new SessionTerms(SessionTerms.DEFAULT_TTL, "node", "host.example", 42);

  final ManualEnvironment time;
  final FaultyRecordStore store;

  StoreWorld() {
    this(1);
  }

  StoreWorld(long seed) {
    time = new ManualEnvironment(seed);
    store = new FaultyRecordStore(time.environment());
  }

  StoreEngine engine() {
    return new StoreEngine(store.connect(), time.environment());
  }

  /** A session on an engine of its own. */
  Client client() {
    return client(engine());
  }

  Client client(StoreEngine engine) {
    return new Client(engine);
  }

  void advance(long millis) {
    time.advance(Duration.ofMillis(millis));
  }

  /** The answer of a stage that must have been answered by now. */
  static <T> T now(CompletionStage<T> stage) {
    assertThat(stage.toCompletableFuture()).isDone();
    return stage.toCompletableFuture().join();
  }

  /** The failure of a stage that must have failed by now. */
  static Throwable failure(CompletionStage<?> stage) {
    assertThat(stage.toCompletableFuture()).isCompletedExceptionally();
    List<Throwable> failures = new ArrayList<>();
    stage.whenComplete((answer, failure) -> failures.add(Calls.cause(failure)));
    return failures.get(0);
  }

  /** A session, and what its listener has heard. */
  static final class Client implements SessionListener {

    final StoreEngine engine;
    final StoreSession session;
    final List<Event> events = new ArrayList<>();
    int expired;

    private Client(StoreEngine engine) {
      this.engine = engine;
      this.session = (StoreSession) now(engine.openSession(TERMS, this));
    }

    @Override
    public void onEvent(String name, Event event) {
      events.add(event);
    }

    @Override
    public void onExpired() {
      expired++;
    }

    RequestId request(long number) {
      return new RequestId(session.id(), number);
    }

    CompletionStage<Reply> acquire(String name, long number) {
      return acquire(name, number, Patience.QUEUE);
    }

    CompletionStage<Reply> acquire(String name, long number, Patience patience) {
      return session.submit(
          name,
          new Command.Acquire(
              request(number), LockKind.MUTEX, Mode.EXCLUSIVE, "owner", true, patience));
    }

    CompletionStage<Reply> acquire(String name, long number, LockKind kind, Mode mode) {
      return session.submit(
          name, new Command.Acquire(request(number), kind, mode, "owner", true, Patience.QUEUE));
    }

    CompletionStage<Reply> release(String name, long number) {
      return session.submit(name, new Command.Release(request(number)));
    }

    CompletionStage<Reply> cancel(String name, long number) {
      return session.submit(name, new Command.Cancel(request(number)));
    }

    /** What was heard since the last time that somebody asked. */
    List<Event> heard() {
      List<Event> heard = List.copyOf(events);
      events.clear();
      return heard;
    }
  }
}
