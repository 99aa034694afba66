package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.tck.Layers;
import io.holdfast.tck.Pace;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A PostgreSQL server that hangs, dies, or hides behind a pooler. */
@Tag("postgresql")
@Tag(Layers.FAULTS)
class PostgresFaultsTest {

  /** How many connections a store has at most. */
  private static final int CONNECTIONS = 16;

  private final Environment environment = Environment.system("faults");
  private ServerProcess server;

  @BeforeEach
  void start() {
    server = Postgres.start();
  }

  @AfterEach
  void stop() {
    environment.scheduler().close();
    if (server != null) {
      server.close();
    }
  }

  private RecordStore open(int port) {
    return ServerStore.open(ServerStoreRules.settings(Postgres.uri(port)), "faults", environment);
  }

  private void eventually(String what, BooleanSupplier condition) {
    long begun = environment.ticker().nanoTime();
    while (!condition.getAsBoolean()) {
      if (environment.ticker().nanoTime() - begun > Duration.ofSeconds(60).toNanos()) {
        throw new AssertionError("never: " + what);
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
  }

  private static boolean works(RecordStore store) {
    try {
      await(store.read("a"));
      return true;
    } catch (EngineUnavailableException notYet) {
      return false;
    }
  }

  @Test
  void S19_callsEndWhileTheServerHangsAndItWorksAgainAfterwards() {
    try (RecordStore store = open(server.port())) {
      long session = await(store.openSession(terms(Duration.ofMinutes(1)), name -> {}));
      long version = ServerStoreRules.write(store, "a", 0, "x").current().version();
      server.pause();
      long begun = environment.ticker().nanoTime();
      var read = store.read("a");
      var change = store.compareAndSet(new Write("a", version, null, Set.of()));
      assertThatThrownBy(() -> await(read)).isInstanceOf(EngineUnavailableException.class);
      // Never sent, if it had to wait for another connection than that of the read.
      assertThatThrownBy(() -> await(change))
          .isInstanceOfAny(OutcomeUnknownException.class, EngineUnavailableException.class);
      assertThat(Duration.ofNanos(environment.ticker().nanoTime() - begun))
          .isLessThan(Pace.stretch(Duration.ofSeconds(15)));

      server.resume();
      eventually("works again", () -> works(store));
      assertThat(await(store.renewSession(session))).isTrue();
    }
  }

  @Test
  void S19_aServerThatWasKilledAndStartedIsUsedAgain() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    try (RecordStore store = open(server.port());
        RecordStore other = open(server.port())) {
      long session = await(store.openSession(terms(Duration.ofMinutes(10)), woken::add));
      long version = ServerStoreRules.write(store, "a", 0, "x").current().version();
      server.kill();
      assertThatThrownBy(() -> await(store.read("a")))
          .isInstanceOf(EngineUnavailableException.class)
          .hasMessageContaining("postgresql://127.0.0.1:" + server.port() + "/postgres");

      server.start();
      eventually("works again", () -> works(store));
      assertThat(await(store.read("a")).version()).as("was committed").isEqualTo(version);
      assertThat(writeOnAnyConnection(store).current().version()).isGreaterThan(version);
      assertThat(await(store.renewSession(session))).isTrue();
      eventually(
          "wakes up again",
          () -> {
            await(other.wake(Set.of(session), "c"));
            return woken.contains("c");
          });
    }
  }

  /**
   * Each worker may still have a connection that ended with the server, which a change may meet.
   */
  private static RecordStore.Outcome writeOnAnyConnection(RecordStore store) {
    for (int ended = 0; ; ended++) {
      try {
        return ServerStoreRules.write(store, "b", 0, "x");
      } catch (OutcomeUnknownException lost) {
        assertThat(lost).hasMessageContaining("send the same command again");
        assertThat(ended).as("connections that ended with the server").isLessThan(CONNECTIONS);
      }
    }
  }

  @Test
  void S20_aPoolerInTransactionModeIsNoticed() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    try (ServerProcess pooler = PgBouncer.before(server);
        RecordStore store = open(pooler.port());
        RecordStore other = open(server.port())) {
      long session = await(store.openSession(terms(Duration.ofMinutes(10)), woken::add));
      eventually(
          "noticed",
          () ->
              await(store.examine()).stream()
                  .anyMatch(
                      finding ->
                          finding.subject().equals("LISTEN/NOTIFY")
                              && finding.level() == Finding.Level.WARNING));
      await(other.compareAndSet(new Write("a", 0, new byte[1], Set.of(session))));
      eventually("woken by a notice", () -> woken.contains("a"));
      await(other.openSession(terms(), name -> {}));
      eventually(
          "the other one listens",
          () ->
              await(other.examine()).stream()
                  .anyMatch(
                      finding ->
                          finding.subject().equals("LISTEN/NOTIFY")
                              && finding.level() == Finding.Level.FINE));
    }
  }
}
