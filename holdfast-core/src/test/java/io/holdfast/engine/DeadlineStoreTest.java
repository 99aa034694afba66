package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What becomes of calls of a store that are not answered. */
class DeadlineStoreTest {

  private final ManualEnvironment time = new ManualEnvironment();
  private final List<String> calls = new ArrayList<>();
  private final List<CompletableFuture<Object>> open = new ArrayList<>();
  private final RecordStore store = new DeadlineStore(silent(), time.environment());

  /** Answers when the test does. */
  private RecordStore silent() {
    return (RecordStore)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {RecordStore.class},
            (proxy, method, arguments) -> {
              calls.add(method.getName());
              CompletableFuture<Object> answer = new CompletableFuture<>();
              open.add(answer);
              return answer;
            });
  }

  private static Throwable failure(CompletionStage<?> stage) {
    assertThat(stage.toCompletableFuture()).isCompletedExceptionally();
    return stage.toCompletableFuture().handle((value, failure) -> failure).join();
  }

  @Test
  void aReadThatHangsFailsAndHasChangedNothing() {
    CompletionStage<?> read = store.read("lock");
    time.advance(DeadlineStore.LIMIT.minusMillis(1));
    assertThat(read.toCompletableFuture()).isNotDone();

    time.advance(Duration.ofMillis(1));

    assertThat(failure(read))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("retry");
  }

  @Test
  void aWriteThatHangsIsInDoubt() {
    CompletionStage<?> write =
        store.compareAndSet(new RecordStore.Write("lock", 0, new byte[0], Set.of()));

    time.advance(DeadlineStore.LIMIT);

    assertThat(failure(write)).isInstanceOf(OutcomeUnknownException.class);
  }

  @Test
  void aSessionThatComesTooLateIsClosed() {
    store.openSession(StoreWorld.TERMS, name -> {});
    time.advance(DeadlineStore.LIMIT);

    open.get(0).complete(7L);

    assertThat(calls).containsExactly("openSession", "closeSession");
  }

  @Test
  void anAnswerInTimeLeavesNoAlarmBehind() {
    CompletionStage<?> read = store.read("lock");

    open.get(0).complete(RecordStore.Stored.ABSENT);

    assertThat(read.toCompletableFuture()).isCompleted();
    assertThat(time.pending()).isZero();
  }
}
