package io.holdfast.etcd;

import static io.holdfast.etcd.Bench.await;
import static io.holdfast.etcd.Bench.bytes;
import static io.holdfast.etcd.Bench.delete;
import static io.holdfast.etcd.Bench.session;
import static io.holdfast.etcd.Bench.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.etcd.jetcd.api.CompactionRequest;
import io.etcd.jetcd.api.KVGrpc;
import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.etcd.Client.Nature;
import io.holdfast.tck.FaultyProxy;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One member that dies and comes back, and a bad network before it. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
@Tag(Layers.FAULTS)
class FaultsTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);

  private ServerProcess server;
  private FaultyProxy proxy;
  private Bench bench;
  private EtcdRecordStore near;
  private EtcdRecordStore far;

  @BeforeEach
  void open() {
    server = EtcdServer.start();
    proxy = FaultyProxy.before(server.port());
    bench = new Bench();
    near = bench.open(server);
    far = bench.open(EtcdOptions.of("127.0.0.1:" + proxy.port()), bench.space);
  }

  @AfterEach
  void close() {
    proxy.heal();
    bench.close();
    proxy.close();
    server.close();
  }

  @Test
  void wakeUpsThatWereMissedWhileTheConnectionWasCutAreHeard() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    long session = await(far.openSession(Bench.terms(MINUTE), woken::add));
    proxy.refuse();
    await(near.wake(Set.of(session), "a"));
    await(near.wake(Set.of(session), "b"));
    assertThat(woken).isEmpty();
    proxy.heal();
    bench.eventually("both heard", () -> woken.size() >= 2);
    assertThat(woken).containsExactly("a", "b");
  }

  @Test
  void aWatchThatLaggedBehindACompactionGoesOnWithTheLastWakeUp() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    long session = await(far.openSession(Bench.terms(MINUTE), woken::add));
    proxy.refuse();
    await(near.wake(Set.of(session), "a"));
    await(near.wake(Set.of(session), "b"));
    compact(write(near, "x", 0, "x").current().version());
    proxy.heal();
    bench.eventually("the last one heard", () -> woken.contains("b"));
    await(near.wake(Set.of(session), "c"));
    bench.eventually("later ones heard", () -> woken.contains("c"));
    assertThat(woken).as("the history is gone").doesNotContain("a");
  }

  private void compact(long revision) {
    EtcdOptions options = EtcdOptions.of("127.0.0.1:" + server.port());
    try (Client client = new Client(options, Members.of(options, bench.environment.random()))) {
      CompactionRequest request =
          CompactionRequest.newBuilder().setRevision(revision).setPhysical(true).build();
      await(client.call(KVGrpc.getCompactMethod(), request, Nature.CHANGE));
    }
  }

  @Test
  void aRestartKeepsRecordsSessionsAndVersions() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    long session = await(near.openSession(Bench.terms(MINUTE), woken::add));
    long version = write(near, "a", 0, "one").current().version();
    server.kill();
    assertThatThrownBy(() -> await(near.read("a")))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("127.0.0.1:" + server.port())
        .hasMessageContaining("retry");
    assertThatThrownBy(() -> write(near, "a", version, "two"))
        .as("a write that could not be sent")
        .isInstanceOf(EngineUnavailableException.class);
    server.start();

    bench.eventually("the store answers again", () -> answers(near));
    assertThat(await(near.read("a")).version()).isEqualTo(version);
    assertThat(await(near.findDead(Set.of(session)))).isEmpty();
    bench.eventually("renewed", () -> await(near.renewSession(session)));
    assertThat(write(near, "a", version, "two").current().version()).isGreaterThan(version);
    bench.eventually(
        "woken",
        () -> {
          await(near.wake(Set.of(session), "a"));
          return !woken.isEmpty();
        });
  }

  private static boolean answers(EtcdRecordStore store) {
    try {
      await(store.read("a"));
      return true;
    } catch (EngineUnavailableException notYet) {
      return false;
    }
  }

  @Test
  void aWriteWhoseAnswerIsLostIsInDoubtAndIsNotMadeTwice() {
    long version = write(far, "a", 0, "one").current().version();
    proxy.drop(FaultyProxy.Direction.TO_CLIENT);
    assertThatThrownBy(() -> write(far, "a", version, "two"))
        .isInstanceOf(OutcomeUnknownException.class)
        .hasMessageContaining("send the same command again");
    proxy.heal();
    Outcome again = write(far, "a", version, "two");
    assertThat(again.written()).as("the first one took effect").isFalse();
    assertThat(again.current().bytes()).isEqualTo(bytes("two"));
    assertThat(delete(far, "a", again.current().version()).written()).isTrue();
  }

  @Test
  void aCutInTheMiddleOfAWriteIsInDoubt() {
    proxy.stall();
    CompletionStage<Outcome> writing = far.compareAndSet(new Write("a", 0, bytes("one"), Set.of()));
    bench.pass(Duration.ofMillis(500));
    proxy.heal();
    proxy.cut();
    try {
      assertThat(await(writing).written()).isTrue();
    } catch (OutcomeUnknownException doubt) {
      assertThat(doubt).hasMessageContaining("etcd://");
    }
  }

  @Test
  void aStalledConnectionIsGivenUpForANewOne() {
    long session = session(far, MINUTE);
    proxy.drop();
    assertThatThrownBy(() -> await(far.renewSession(session)))
        .isInstanceOf(EngineUnavailableException.class);
    proxy.heal();
    bench.eventually(
        "renewed",
        () -> {
          try {
            return await(far.renewSession(session));
          } catch (EngineUnavailableException notYet) {
            return false;
          }
        });
    assertThat(await(far.findDead(Set.of(session)))).isEmpty();
  }
}
