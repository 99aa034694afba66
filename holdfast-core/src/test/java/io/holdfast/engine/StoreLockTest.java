package io.holdfast.engine;

import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.StoreWorld.Client;
import io.holdfast.rules.Reply;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The order of work at one lock of a store. */
class StoreLockTest {

  private final StoreWorld world = new StoreWorld();

  /** Whoever repeats what is not answered, because the store is slow, must not make it slower. */
  @Test
  void aRepeatedCommandIsNotDoneTwice() {
    Client client = world.client();
    world.store.roundTrip(Duration.ofMillis(100));
    world.store.calls();

    List<CompletionStage<Reply>> running =
        Stream.generate(() -> client.acquire("lock", 1)).limit(20).toList();
    List<CompletionStage<Reply>> pending =
        Stream.generate(() -> client.acquire("lock", 2)).limit(20).toList();
    world.advance(1_000);

    assertThat(running).allMatch(answer -> now(answer) instanceof Reply.Granted);
    assertThat(pending).allMatch(answer -> now(answer) instanceof Reply.Queued);
    assertThat(world.store.calls().stream().filter("compareAndSet"::equals)).hasSize(2);
  }

  @Test
  void aCommandThatIsRepeatedAfterItsAnswerIsAnsweredAnew() {
    Client client = world.client();

    Reply first = now(client.acquire("lock", 1));

    assertThat(now(client.acquire("lock", 1))).isEqualTo(first);
  }
}
