package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.terms;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sessions and their wake-ups, in one process. */
class SessionsTest {

  private static final Duration TTL = Duration.ofSeconds(2);

  @TempDir Path directory;
  private Bench bench;
  private JdbcRecordStore store;
  private JdbcRecordStore other;
  private final Queue<String> woken = new ConcurrentLinkedQueue<>();

  @BeforeEach
  void open() {
    bench = new Bench(directory);
    store = bench.open();
    other = bench.open();
  }

  @AfterEach
  void close() {
    bench.close();
  }

  private long session(JdbcRecordStore of) {
    return await(of.openSession(terms(TTL), woken::add));
  }

  /** Those that are found dead once a judgement of a moment ago no longer counts. */
  private Set<Long> dead(Long... sessions) {
    bench.pass(Duration.ofMillis(30));
    return await(other.findDead(List.of(sessions)));
  }

  @Test
  void sessionsHaveNumbersThatNeverComeAgain() {
    long first = session(store);
    long second = session(other);
    await(store.closeSession(first));
    long third = session(store);
    assertThat(first).isPositive();
    assertThat(second).isGreaterThan(first);
    assertThat(third).isGreaterThan(second);
  }

  @Test
  void saysWhatASessionSaidOfItself() {
    SessionTerms terms = new SessionTerms(Duration.ofSeconds(7), "billing-7", "host-1", 4711);
    long session = await(store.openSession(terms, woken::add));
    assertThat(await(other.describe(List.of(session, session + 1))))
        .isEqualTo(Map.of(session, terms));
  }

  @Test
  void aSessionLivesAsLongAsItIsRenewed() {
    long session = session(store);
    for (int i = 0; i < 5; i++) {
      bench.ahead.addAndGet(TTL.minusMillis(200).toNanos());
      assertThat(dead(session)).isEmpty();
      assertThat(await(store.renewSession(session))).isTrue();
    }
    bench.ahead.addAndGet(TTL.plusMillis(1).toNanos());
    assertThat(dead(session)).containsExactly(session);
  }

  @Test
  void aLateRenewalWinsUntilSomebodyHasFoundTheSessionDead() {
    long session = session(store);
    bench.ahead.addAndGet(TTL.plusMillis(1).toNanos());
    assertThat(await(store.renewSession(session))).isTrue();
    assertThat(dead(session)).isEmpty();

    bench.ahead.addAndGet(TTL.plusMillis(1).toNanos());
    assertThat(dead(session)).containsExactly(session);
    assertThat(await(store.renewSession(session))).isFalse();
    assertThat(await(store.renewSession(session))).isFalse();
    assertThat(dead(session)).containsExactly(session);
    assertThat(await(other.describe(Set.of(session)))).isEmpty();
  }

  @Test
  void aClosedSessionIsDeadAtOnce() {
    long session = session(store);
    await(store.closeSession(session));
    await(store.closeSession(session));
    assertThat(dead(session)).containsExactly(session);
    assertThat(await(store.renewSession(session))).isFalse();
  }

  @Test
  void anUnknownSessionIsDead() {
    long session = session(store);
    assertThat(dead(session, session + 1)).containsExactly(session + 1);
  }

  @Test
  void closingAStoreEndsItsSessionsAndNoOthers() {
    long first = session(store);
    long second = session(other);
    store.close();
    assertThat(dead(first, second)).containsExactly(first);
  }

  @Test
  void aRebootEndsAllSessions() {
    long session = session(store);
    JdbcRecordStore afterwards = bench.open(Bench.SPACE, "another-boot");
    assertThat(await(afterwards.findDead(Set.of(session)))).containsExactly(session);
    assertThat(await(store.renewSession(session))).isFalse();
  }

  @Test
  void withoutABootIdNothingIsConcludedFromIt() {
    long session = session(store);
    JdbcRecordStore ignorant = bench.open(Bench.SPACE, "");
    assertThat(await(ignorant.findDead(Set.of(session)))).isEmpty();
  }

  @Test
  void aSessionWhoseLockIsGoneIsDeadBeforeItExpires() {
    // What a killed process leaves: a row, and no lock. ProcessesTest kills real ones.
    long session = session(store);
    bench.sql("UPDATE session SET id = id + 1 WHERE id = " + session);
    assertThat(dead(session + 1)).containsExactly(session + 1);
  }

  @Test
  void aSessionOnAnotherLiveFileIsDeadOnlyWhenItExpires() {
    long session = session(store);
    bench.sql("UPDATE session SET id = id + 1, place = place || 'x' WHERE id = " + session);
    assertThat(dead(session + 1)).isEmpty();
    bench.ahead.addAndGet(TTL.plusMillis(1).toNanos());
    assertThat(dead(session + 1)).containsExactly(session + 1);
  }

  @Test
  void aNewSessionSweepsTheDeadOnes() {
    long session = session(store);
    await(other.wake(Set.of(session), "a"));
    bench.sql("UPDATE session SET id = id + 1 WHERE id = " + session);
    session(store);
    assertThat(bench.number("SELECT count(*) FROM session")).isEqualTo(1);
  }

  @Test
  void aFileThatWasReplacedFailsTheRenewal() throws Exception {
    long session = session(store);
    Files.move(bench.file, bench.file.resolveSibling("moved.db"));
    Files.createFile(bench.file);
    assertThatThrownBy(() -> await(store.renewSession(session)))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("deleted or replaced")
        .hasMessageEndingWith("restart the processes that use it");
  }

  @Test
  void aWriteWakesSessionsOfOtherStores() {
    long session = session(store);
    await(other.compareAndSet(new Write("a", 0, Bench.bytes("x"), Set.of(session))));
    bench.eventually("woken", () -> woken.contains("a"));
    bench.eventually(
        "the notice is removed, at the latest with the next write",
        () -> {
          Bench.write(store, "c", 0, null);
          return bench.number("SELECT count(*) FROM notice") == 0;
        });
    assertThat(woken).containsExactly("a");
  }

  @Test
  void aWriteWakesSessionsOfItsOwnStore() {
    long session = session(store);
    await(store.compareAndSet(new Write("a", 0, Bench.bytes("x"), Set.of(session))));
    bench.eventually("woken", () -> woken.contains("a"));
    assertThat(bench.number("SELECT count(*) FROM notice")).isZero();
  }

  @Test
  void aLostRaceWakesNobody() {
    long session = session(store);
    await(other.compareAndSet(new Write("a", 5, Bench.bytes("x"), Set.of(session))));
    await(other.wake(Set.of(session), "b"));
    bench.eventually("woken", () -> woken.contains("b"));
    assertThat(woken).containsExactly("b");
  }

  @Test
  void everyNoticeIsPassedOnAlsoWhenTheyAreMany() {
    long session = session(store);
    for (int i = 0; i < 500; i++) {
      String name = "n" + i % 10;
      int before = woken.size();
      await(other.wake(Set.of(session), name));
      bench.eventually("woken for " + name, () -> woken.size() > before);
    }
  }

  @Test
  void aNoticeThatComesBeforeTheLastOneIsTidiedAwayIsPassedOn() {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Consumer<String> holdsUpItsStore =
        name -> {
          woken.add(name);
          first.countDown();
          passed(goOn);
        };
    long session = await(store.openSession(terms(TTL), holdsUpItsStore));
    await(other.wake(Set.of(session), "a"));
    passed(first);

    await(other.wake(Set.of(session), "a"));
    CompletionStage<Outcome> tidies =
        store.compareAndSet(new Write("b", 0, Bench.bytes("x"), Set.of()));
    goOn.countDown();

    await(tidies);
    bench.eventually("woken again", () -> woken.size() == 2);
  }

  private static void passed(CountDownLatch latch) {
    try {
      assertThat(latch.await(Bench.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Test
  void nobodyLeavesNoticesForTheDead() {
    long session = session(store);
    await(store.closeSession(session));
    await(other.wake(Set.of(session), "a"));
    assertThat(bench.number("SELECT count(*) FROM notice")).isZero();
  }

  @Test
  void aListenerThatThrowsDoesNoHarm() {
    long session =
        await(
            store.openSession(
                terms(TTL),
                name -> {
                  woken.add(name);
                  throw new IllegalStateException("thrown by the test");
                }));
    await(other.wake(Set.of(session), "a"));
    await(store.wake(Set.of(session), "b"));
    bench.eventually("woken", () -> woken.containsAll(List.of("a", "b")));
    assertThat(await(store.renewSession(session))).isTrue();
  }

  @Test
  void S24_aRenewalPassesAllOtherWorkOfItsStore() {
    long own = session(store);
    List<CompletionStage<Outcome>> writes = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      writes.add(store.compareAndSet(new Write("n" + i, 0, new byte[1], Set.of())));
    }

    assertThat(await(store.renewSession(own))).isTrue();

    CompletionStage<Outcome> last = writes.get(writes.size() - 1);
    assertThat(last.toCompletableFuture()).isNotDone();
    assertThat(await(last).written()).isTrue();
  }
}
