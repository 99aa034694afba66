package io.holdfast.etcd;

import static io.holdfast.etcd.Bench.await;
import static io.holdfast.etcd.Bench.bytes;
import static io.holdfast.etcd.Bench.delete;
import static io.holdfast.etcd.Bench.session;
import static io.holdfast.etcd.Bench.write;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.PutRequest;
import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.etcd.Client.Nature;
import io.holdfast.tck.Layers;
import io.holdfast.tck.ServerProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Records, sessions and wake-ups on one member. */
@Tag("etcd")
@Tag(Layers.INSTALLED)
class StoreTest {

  private static final Duration MINUTE = Duration.ofMinutes(1);

  private static ServerProcess server;
  private Bench bench;
  private EtcdRecordStore store;

  @BeforeAll
  static void start() {
    server = EtcdServer.start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @BeforeEach
  void open() {
    bench = new Bench();
    store = bench.open(server);
  }

  @AfterEach
  void close() {
    bench.close();
  }

  /** A client of the same server that knows nothing of stores. */
  private Client client() {
    EtcdOptions options = EtcdOptions.of("127.0.0.1:" + server.port());
    return new Client(options, Members.of(options, bench.environment.random()));
  }

  private List<String> keys() {
    return Bench.keys(server, bench.space);
  }

  private void put(String key, String value) {
    PutRequest request =
        PutRequest.newBuilder()
            .setKey(new Keys("", bench.space).prefix().concat(ByteString.copyFromUtf8(key)))
            .setValue(ByteString.copyFromUtf8(value))
            .build();
    try (Client client = client()) {
      await(client.call(KVGrpc.getPutMethod(), request, Nature.CHANGE));
    }
  }

  @Test
  void F52_nodesThatStartAtOnceInAnEmptySpaceAllGetIn() throws Exception {
    EtcdOptions options = EtcdOptions.of("127.0.0.1:" + server.port());
    int nodes = 12;
    CountDownLatch all = new CountDownLatch(nodes);
    ExecutorService threads = Executors.newFixedThreadPool(nodes);
    try {
      List<Future<Long>> sessions = new ArrayList<>();
      for (int i = 0; i < nodes; i++) {
        sessions.add(
            threads.submit(
                () -> {
                  all.countDown();
                  all.await();
                  try (EtcdRecordStore own =
                      EtcdRecordStore.open(options, bench.space, bench.environment)) {
                    return session(own, MINUTE);
                  }
                }));
      }
      Set<Long> different = new HashSet<>();
      for (Future<Long> each : sessions) {
        different.add(each.get(60, TimeUnit.SECONDS));
      }
      assertThat(different).hasSize(nodes);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void theVersionOfAWriteIsTheOneThatIsRead() {
    Outcome made = write(store, "a", 0, "one");
    assertThat(made.written()).isTrue();
    Stored read = await(store.read("a"));
    assertThat(read.version()).isEqualTo(made.current().version()).isPositive();
    assertThat(read.bytes()).isEqualTo(bytes("one"));

    write(store, "elsewhere", 0, "x");
    Outcome changed = write(store, "a", read.version(), "two");
    assertThat(changed.written()).isTrue();
    assertThat(await(store.read("a")).version())
        .isEqualTo(changed.current().version())
        .isGreaterThan(read.version() + 1);
  }

  @Test
  void aLostRaceTellsWhatIsThere() {
    long version = write(store, "a", 0, "one").current().version();
    for (long wrong : List.of(0L, version - 1, version + 1)) {
      Outcome lost = write(store, "a", wrong, "two");
      assertThat(lost.written()).isFalse();
      assertThat(lost.current().version()).isEqualTo(version);
      assertThat(lost.current().bytes()).isEqualTo(bytes("one"));
      assertThat(delete(store, "a", wrong).written()).isFalse();
    }
    Outcome gone = write(store, "b", version, "two");
    assertThat(gone.written()).isFalse();
    assertThat(gone.current()).isEqualTo(Stored.ABSENT);
  }

  @Test
  void deletionLeavesNothingAndVersionsGoOnGrowing() {
    long last = 0;
    for (int i = 0; i < 20; i++) {
      long version = write(store, "a", 0, "x").current().version();
      assertThat(version).isGreaterThan(last);
      Outcome deleted = delete(store, "a", version);
      assertThat(deleted.written()).isTrue();
      assertThat(deleted.current().bytes()).isNull();
      last = version;
    }
    assertThat(delete(store, "a", 0).written()).as("deletion of nothing").isTrue();
    assertThat(keys()).isEmpty();
  }

  @Test
  void namesAreListedInTheOrderOfStringsPageByPage() {
    List<String> names =
        new ArrayList<>(List.of("a", "b", "b/1", "b/\uE000", "b/\uD83D\uDE00", "b/\u00e9", "c"));
    names.forEach(name -> write(store, name, 0, name));
    bench.open(EtcdOptions.of("127.0.0.1:" + server.port()), bench.space + "/r");
    names.sort(null);

    assertThat(listed("", "", 100)).isEqualTo(names);
    assertThat(listed("b/", "", 100)).isEqualTo(names.subList(2, 6));
    assertThat(listed("b/", "b/1", 2)).isEqualTo(names.subList(3, 5));
    assertThat(listed("b/", "b/\uE000", 2)).isEmpty();
    assertThat(listed("b/", "a", 1)).isEqualTo(names.subList(2, 3));
    assertThat(listed("b/", "c", 1)).isEmpty();
    assertThat(listed("x", "", 1)).isEmpty();
  }

  private List<String> listed(String prefix, String after, int limit) {
    return await(store.list(prefix, after, limit)).stream().map(Entry::name).toList();
  }

  @Test
  void aSpaceWhoseNameHasASlashIsAnotherSpace() {
    EtcdRecordStore inner =
        bench.open(EtcdOptions.of("127.0.0.1:" + server.port()), bench.space + "/r");
    write(inner, "x", 0, "inner");
    assertThat(await(store.list("", "", 100))).isEmpty();
    assertThat(await(store.read("r/x"))).isEqualTo(Stored.ABSENT);
  }

  @Test
  void nothingIsLeftOfASessionThatHasEnded() {
    EtcdRecordStore other = bench.open(server);
    long session = session(store, MINUTE);
    await(store.publish(session, bytes("waits")));
    await(other.wake(Set.of(session), "a"));
    assertThat(keys()).hasSize(4);

    await(store.closeSession(session));

    assertThat(keys()).containsExactly("format");
    assertThat(await(other.findDead(Set.of(session)))).containsExactly(session);
    assertThat(await(store.renewSession(session))).isFalse();
    assertThat(await(other.describe(Set.of(session)))).isEmpty();
    assertThat(await(other.published(Set.of(session)))).isEmpty();
    await(other.publish(session, bytes("late")));
    await(other.wake(Set.of(session), "late"));
    await(store.closeSession(session));
    assertThat(keys()).containsExactly("format");
  }

  @Test
  void sessionsAreDescribedAndPublishMore() {
    Map<Long, byte[]> reports = new HashMap<>();
    for (int i = 0; i < 3; i++) {
      long session = session(store, MINUTE);
      await(store.publish(session, bytes("old")));
      await(store.publish(session, bytes("report " + i)));
      reports.put(session, bytes("report " + i));
    }
    long silent = session(store, MINUTE);
    Set<Long> all = new HashSet<>(reports.keySet());
    all.add(silent);
    all.add(1L);
    assertThat(await(store.published(all))).containsExactlyInAnyOrderEntriesOf(reports);
    assertThat(await(store.describe(all)))
        .hasSize(4)
        .allSatisfy((id, terms) -> assertThat(terms).isEqualTo(Bench.terms(MINUTE)));
    assertThat(await(store.findDead(all))).containsExactly(1L);
  }

  @Test
  void aSessionEndsAfterItsTtlRoundedUpToSeconds() {
    assertThat(Sessions.seconds(Duration.ofSeconds(2))).isEqualTo(2);
    assertThat(Sessions.seconds(Duration.ofMillis(2_001))).isEqualTo(3);
    assertThat(Sessions.seconds(Duration.ofSeconds(2).plusNanos(1))).isEqualTo(3);
    assertThat(Sessions.seconds(Duration.ofMillis(2_999))).isEqualTo(3);
    long before = bench.environment.ticker().nanoTime();
    long session = session(store, Duration.ofMillis(2_100));
    bench.eventually("dead", () -> await(store.findDead(Set.of(session))).contains(session));
    assertThat(Duration.ofNanos(bench.environment.ticker().nanoTime() - before))
        .isGreaterThan(Duration.ofSeconds(3));
    assertThat(await(store.renewSession(session))).isFalse();
  }

  @Test
  void aSessionWhoseKeyWasDeletedByHandIsDeadForGood() {
    long session = session(store, MINUTE);
    ByteString key = new Keys("", bench.space).session(session);
    try (Client client = client()) {
      await(
          client.call(
              KVGrpc.getDeleteRangeMethod(),
              io.etcd.jetcd.api.DeleteRangeRequest.newBuilder().setKey(key).build(),
              Nature.CHANGE));
    }
    assertThat(await(store.findDead(Set.of(session)))).containsExactly(session);
    assertThat(await(store.renewSession(session))).isFalse();
    assertThat(await(store.renewSession(session))).isFalse();
  }

  @Test
  void aWriteWakesHundredsAndIsNotHeldUpByTheDead() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    EtcdRecordStore others = bench.open(server);
    Set<Long> wake = new HashSet<>();
    for (int i = 0; i < 130; i++) {
      wake.add(await(others.openSession(Bench.terms(MINUTE), woken::add)));
    }
    long dead = wake.iterator().next();
    await(others.closeSession(dead));
    wake.add(77L);

    Outcome made = await(store.compareAndSet(new Write("a", 0, bytes("x"), wake)));

    assertThat(made.written()).isTrue();
    assertThat(await(store.read("a")).version()).isEqualTo(made.current().version());
    bench.eventually("all woken", () -> woken.size() >= 129);
    assertThat(woken).containsOnly("a");
    await(store.compareAndSet(new Write("a", 0, bytes("x"), wake)));
    await(store.wake(wake, "b"));
    bench.eventually("all woken again", () -> woken.size() >= 258);
    assertThat(woken).as("a lost race wakes nobody").hasSize(258);
  }

  @Test
  void everyWakeUpOfAStormIsHeard() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    EtcdRecordStore other = bench.open(server);
    long session = await(other.openSession(Bench.terms(MINUTE), woken::add));
    List<CompletionStage<Void>> sent = new ArrayList<>();
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      names.add("n" + i);
      sent.add(store.wake(Set.of(session), "n" + i));
    }
    sent.forEach(Bench::await);
    bench.eventually("all heard", () -> woken.size() >= 200);
    assertThat(woken).containsExactlyInAnyOrderElementsOf(names);
  }

  @Test
  void aSpaceOfANewerFormatIsLeftAlone() {
    put("format", "2");
    Assertions.assertThatThrownBy(() -> session(store, MINUTE))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("format 2")
        .hasMessageContaining("newer version");
    put("format", Sessions.FORMAT);
    assertThat(session(store, MINUTE)).isPositive();
  }

  @Test
  void theDoctorLooksAtTheServer() {
    List<Finding> findings = await(store.examine());
    assertThat(findings)
        .extracting(Finding::subject)
        .containsExactly(
            "version", "members", "alarms", "shortest lease", "compaction", "authentication");
    assertThat(findings.get(1).level()).isEqualTo(Finding.Level.WARNING);
    assertThat(findings.get(2).level()).isEqualTo(Finding.Level.FINE);
    assertThat(findings.get(3).text()).isEqualTo("2 s");
    assertThat(Examination.version("v", "3.4.23").level()).isEqualTo(Finding.Level.UNSAFE);
    assertThat(Examination.version("v", "3.4.31").level()).isEqualTo(Finding.Level.FINE);
    assertThat(Examination.version("v", "3.5.12").level()).isEqualTo(Finding.Level.UNSAFE);
    assertThat(Examination.version("v", "3.5.13").level()).isEqualTo(Finding.Level.FINE);
    assertThat(Examination.version("v", "3.6.0-rc.1").level()).isEqualTo(Finding.Level.FINE);
    assertThat(Examination.version("v", "3.3.9").level()).isEqualTo(Finding.Level.UNSAFE);
    assertThat(keys()).isEmpty();
  }

  /** What is to be done with other answers may be much: thousands of locks that have moved on. */
  @Test
  void S24_aRenewalDoesNotWaitBehindTheAnswersToOtherCalls() throws InterruptedException {
    long session = session(store, MINUTE);
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch over = new CountDownLatch(1);
    while (!busy.await(20, TimeUnit.MILLISECONDS)) {
      Thread asking = Thread.currentThread();
      store
          .read("a")
          .thenAccept(
              answer -> {
                if (Thread.currentThread() != asking) {
                  busy.countDown();
                  hold(over);
                }
              });
    }
    try {
      CompletionStage<Stored> other = store.read("a");
      assertThat(await(store.renewSession(session))).isTrue();
      assertThat(other.toCompletableFuture()).isNotDone();
    } finally {
      over.countDown();
    }
    assertThat(await(store.read("a"))).isEqualTo(Stored.ABSENT);
  }

  private static void hold(CountDownLatch over) {
    try {
      over.await();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
