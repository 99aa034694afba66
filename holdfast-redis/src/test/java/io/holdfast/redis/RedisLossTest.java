package io.holdfast.redis;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A server that forgets: all of it, or the end. */
@Execution(ExecutionMode.CONCURRENT)
@Tag("redis")
@Tag(Layers.FAULTS)
@Timeout(120)
class RedisLossTest {

  private static final SessionTerms TERMS =
      new SessionTerms(Duration.ofMinutes(1), "node", "host", 1);

  private final Environment environment = Environment.system("loss");
  private ServerProcess server;

  @BeforeEach
  void start() {
    server = RedisProcess.settings().start();
  }

  @AfterEach
  void stop() {
    environment.scheduler().close();
    if (server != null) {
      server.close();
    }
  }

  private Holdfast node() {
    return Holdfast.builder(RedisProcess.uri(server))
        .ttl(Duration.ofSeconds(12))
        .operationTimeout(Duration.ofSeconds(20))
        .shutdownHook(false)
        .connect();
  }

  private RecordStore store() {
    return RedisRecordStore.open(
        RedisLocation.parse(URI.create(RedisProcess.uri(server))), "loss", environment);
  }

  private static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }

  private static long write(RecordStore store, String name, long expected) throws Exception {
    RecordStore.Outcome outcome =
        get(store.compareAndSet(new Write(name, expected, new byte[] {1}, Set.of())));
    assertThat(outcome.written()).isTrue();
    return outcome.current().version();
  }

  @Test
  void S27_flushedLocksAreLostAtTheNextRenewal() throws Exception {
    try (Holdfast first = node();
        Holdfast second = node()) {
      Hold hold = first.lock("a").acquire();
      AtomicBoolean told = new AtomicBoolean();
      hold.onLost(loss -> told.set(true));

      RedisProcess.ask(server.port(), "FLUSHALL");

      Await.until("the holder is told", told::get);
      assertThat(hold.isHeld()).isFalse();
      try (Hold next = second.lock("a").acquire(Duration.ofSeconds(30))) {
        assertThat(next.token()).isGreaterThan(hold.token());
      }
    }
  }

  @Test
  void S27_locksOfAServerThatForgetsAreLostWhenItIsRestarted() throws Exception {
    try (Holdfast first = node();
        Holdfast second = node()) {
      Hold hold = first.lock("a").acquire();
      AtomicBoolean told = new AtomicBoolean();
      hold.onLost(loss -> told.set(true));

      server.restart();

      Await.until("the holder is told", told::get);
      assertThat(hold.isHeld()).isFalse();
      try (Hold next = second.lock("a").acquire(Duration.ofSeconds(30))) {
        assertThat(next.token()).isGreaterThan(hold.token());
      }
    }
  }

  @Test
  void whoHasSeenWhatARestoredServerLostIsEnded_andNobodyElse() throws Exception {
    try (RecordStore knows = store();
        RecordStore knowsNothing = store()) {
      long ended = get(knows.openSession(TERMS, name -> {}));
      long kept = get(knowsNothing.openSession(TERMS, name -> {}));
      long saved = write(knows, "saved", 0);
      RedisProcess.ask(server.port(), "SAVE");
      long lost = write(knows, "lost", 0);

      server.restart();

      Await.until("the connection stands again", () -> get(knowsNothing.renewSession(kept)));
      Await.until("the session is ended", () -> !get(knows.renewSession(ended)));
      assertThat(get(knowsNothing.renewSession(kept))).isTrue();
      assertThat(get(knowsNothing.findDead(Set.of(ended, kept)))).containsExactly(ended);
      assertThat(get(knowsNothing.read("saved")).version()).isEqualTo(saved);
      assertThat(get(knowsNothing.read("lost")).bytes()).isNull();
      assertThat(write(knowsNothing, "lost", 0)).isGreaterThan(lost);
    }
  }

  @Test
  void versionsGrowWhenACounterIsAheadOfTheClock() throws Exception {
    try (RecordStore store = store()) {
      long first = write(store, "a", 0);
      long ahead = first + (3_600_000L << 8);
      RedisProcess.ask(server.port(), "HSET holdfast:{loss}:version last " + ahead);
      assertThat(write(store, "b", 0)).isEqualTo(ahead + 1);
      assertThat(write(store, "c", 0)).isEqualTo(ahead + 2);
    }
  }

  @Test
  void aSpaceAtRestKeepsItsCounterOnly() throws Exception {
    try (Holdfast node = node()) {
      for (int i = 0; i < 50; i++) {
        node.lock("name-" + i).acquire().close();
      }
    }
    Await.until(
        "only the counter is left",
        () -> RedisProcess.ask(server.port(), "KEYS *").equals("holdfast:{holdfast}:version"));
  }

  @Test
  void aFormatThatIsNotKnownIsLeftAlone() throws Exception {
    try (RecordStore store = store()) {
      write(store, "a", 0);
      RedisProcess.ask(server.port(), "HSET holdfast:{loss}:version format 2");
      assertThat(
              store
                  .compareAndSet(new Write("b", 0, new byte[] {1}, Set.of()))
                  .toCompletableFuture())
          .failsWithin(Duration.ofSeconds(20))
          .withThrowableThat()
          .withMessageContaining("format 2");
    }
  }
}
