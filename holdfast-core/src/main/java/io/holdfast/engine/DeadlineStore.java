package io.holdfast.engine;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A store whose calls end. A driver that waits for ever on a dead connection would hold up every
 * later command about the same lock; here a call that is not answered in time fails as unanswered,
 * and what it does later is as good as done by a stranger.
 */
final class DeadlineStore implements RecordStore {

  /** How long a call may take. Long, because a slow store is better than a doubted one. */
  static final Duration LIMIT = Duration.ofSeconds(5);

  private final RecordStore store;
  private final Environment environment;

  DeadlineStore(RecordStore store, Environment environment) {
    this.store = store;
    this.environment = environment;
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return look(() -> store.read(name));
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    return change(() -> store.compareAndSet(write));
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    return look(() -> store.list(prefix, after, limit));
  }

  /** A session that comes too late is nobody's, and is closed. */
  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
    return limited(
        () -> store.openSession(terms, onWake),
        DeadlineStore::unanswered,
        late -> Calls.call(() -> store.closeSession(late), closed -> {}, failure -> {}));
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return change(() -> store.renewSession(session));
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    return change(() -> store.closeSession(session));
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> sessions) {
    return look(() -> store.findDead(sessions));
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> sessions) {
    return look(() -> store.describe(sessions));
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return change(() -> store.publish(session, report));
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> sessions) {
    return look(() -> store.published(sessions));
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> sessions, String name) {
    return change(() -> store.wake(sessions, name));
  }

  @Override
  public Duration pollInterval() {
    return store.pollInterval();
  }

  @Override
  public EngineDescription description() {
    return store.description();
  }

  @Override
  public CompletionStage<List<Finding>> examine() {
    return look(store::examine);
  }

  @Override
  public void close() {
    store.close();
  }

  private <T> CompletionStage<T> look(Supplier<CompletionStage<T>> call) {
    return limited(
        call,
        limit ->
            new EngineUnavailableException(
                "the store has not answered within " + limit + "; check it, then retry"),
        late -> {});
  }

  private <T> CompletionStage<T> change(Supplier<CompletionStage<T>> call) {
    return limited(call, DeadlineStore::unanswered, late -> {});
  }

  private static RuntimeException unanswered(Duration limit) {
    return new OutcomeUnknownException(
        "the store has not answered a change within " + limit + "; send the same command again");
  }

  private <T> CompletionStage<T> limited(
      Supplier<CompletionStage<T>> call,
      Function<Duration, RuntimeException> failure,
      Consumer<T> tooLate) {
    CompletionStage<T> stage = Calls.call(call);
    if (stage instanceof CompletableFuture<T> known && known.isDone()) {
      return stage;
    }
    CompletableFuture<T> answer = new CompletableFuture<>();
    Environment.Cancellable alarm =
        environment
            .scheduler()
            .schedule(() -> answer.completeExceptionally(failure.apply(LIMIT)), LIMIT);
    Calls.call(
        () -> stage,
        value -> {
          alarm.cancel();
          if (!answer.complete(value)) {
            tooLate.accept(value);
          }
        },
        problem -> {
          alarm.cancel();
          answer.completeExceptionally(problem);
        });
    return answer;
  }
}
