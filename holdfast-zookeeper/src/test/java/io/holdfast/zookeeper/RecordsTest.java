package io.holdfast.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.LockRefusedException;
import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.tck.ServerProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.ZooKeeper;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class RecordsTest {

  private static ServerProcess server;
  private static ZooKeeper raw;
  private String root;
  private TestStore one;
  private TestStore two;

  @BeforeAll
  static void start() throws Exception {
    server = TestServer.start();
    raw = new ZooKeeper("127.0.0.1:" + server.port(), 30_000, event -> {});
  }

  @AfterAll
  static void stop() throws Exception {
    raw.close();
    server.close();
  }

  @BeforeEach
  void open(TestInfo test) {
    String space = test.getTestMethod().orElseThrow().getName();
    root = "/records-test/" + space;
    String uri = "zookeeper://127.0.0.1:" + server.port() + "/records-test";
    one = TestStore.open(uri, space);
    two = TestStore.open(uri, space);
  }

  @AfterEach
  void close() {
    one.close();
    two.close();
  }

  private static Stored read(TestStore store, String name) {
    return TestStore.await(store.store.read(name));
  }

  private static void assertLost(Outcome outcome, Stored inTheWay) {
    assertThat(outcome.written()).isFalse();
    assertThat(outcome.current().version()).isEqualTo(inTheWay.version());
    assertThat(outcome.current().bytes()).isEqualTo(inTheWay.bytes());
  }

  @Test
  void aWriteTellsTheVersionThatEverybodyReads() {
    Stored made = one.write("a", 0, "1").current();
    assertThat(read(two, "a").version()).isEqualTo(made.version()).isPositive();
    Stored replaced = two.write("a", made.version(), "2").current();
    assertThat(replaced.version()).isGreaterThan(made.version());
    assertThat(read(one, "a").version()).isEqualTo(replaced.version());
    assertThat(TestStore.text(read(one, "a"))).isEqualTo("2");
  }

  @Test
  void aLostRaceTellsWhatIsInTheWay() {
    Stored made = one.write("a", 0, "1").current();
    assertLost(two.write("a", 0, "2"), made);
    Stored replaced = two.write("a", made.version(), "2").current();
    assertLost(one.write("a", made.version(), "3"), replaced);
    assertLost(one.write("a", made.version(), null), replaced);
    assertThat(two.write("a", replaced.version(), null).current().bytes()).isNull();
    assertLost(two.write("a", replaced.version(), "4"), Stored.ABSENT);
    assertLost(one.write("a", replaced.version(), null), Stored.ABSENT);
  }

  @Test
  void deletionOfNothingIsDone() {
    assertThat(one.write("a", 0, null).written()).isTrue();
    Stored made = one.write("a", 0, "1").current();
    assertLost(two.write("a", 0, null), made);
  }

  /** The data version of the second life is the same as that of the first. */
  @Test
  void whatIsExpectedOfAnEarlierLifeFailsInALaterOne() {
    for (boolean forgetful : List.of(false, true)) {
      for (boolean deletes : List.of(false, true)) {
        Stored first = one.write("a", 0, "first").current();
        assertThat(two.write("a", first.version(), null).written()).isTrue();
        Stored second = two.write("a", 0, "second").current();
        assertThat(second.version()).isGreaterThan(first.version());
        if (forgetful) {
          one.store.forgetAll();
        }

        assertLost(one.write("a", first.version(), deletes ? null : "late"), second);

        assertThat(TestStore.text(read(two, "a"))).isEqualTo("second");
        assertThat(two.write("a", second.version(), null).written()).isTrue();
      }
    }
  }

  @Test
  void aStoreThatHasForgottenAVersionReadsItAgain() {
    Stored made = one.write("a", 0, "1").current();
    one.store.forgetAll();
    Stored replaced = one.write("a", made.version(), "2").current();
    assertThat(replaced.version()).isGreaterThan(made.version());
    one.store.forgetAll();
    assertThat(one.write("a", replaced.version(), null).written()).isTrue();
  }

  @Test
  void versionsGrowOverNamesAndDeletions() {
    long last = 0;
    for (int i = 0; i < 50; i++) {
      TestStore store = i % 2 == 0 ? one : two;
      Stored made = store.write("n" + i % 3, 0, "x").current();
      assertThat(made.version()).isGreaterThan(last);
      last = made.version();
      store.write("n" + i % 3, last, null);
    }
  }

  @Test
  void exactlyOneOfManyWritersWins() {
    Stored made = one.write("a", 0, "0").current();
    List<CompletableFuture<Outcome>> writes = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      TestStore store = i % 2 == 0 ? one : two;
      Write write = new Write("a", made.version(), new byte[] {(byte) i}, Set.of());
      writes.add(store.store.compareAndSet(write).toCompletableFuture());
    }
    assertThat(writes.stream().map(TestStore::await).filter(Outcome::written)).hasSize(1);
  }

  @Test
  void nothingIsLeftOfRecordsAndWakeUps() throws Exception {
    for (int i = 0; i < 20; i++) {
      Stored made = one.write("n" + i, 0, "x", 7L, 8L).current();
      two.write("n" + i, made.version(), null, 7L);
    }
    TestStore.await(one.store.wake(Set.of(9L), "n"));
    assertThat(raw.getAllChildrenNumber(root)).as("nodes: the three directories").isEqualTo(3);
  }

  @Test
  void listsInTheOrderOfNamesThoughNodesHaveAnother() {
    List<String> names = List.of("a", "a/b", "a0", "aé", "a\ue000", "a\ud83d\ude00", "b");
    names.forEach(name -> one.write(name, 0, name));
    List<String> sorted = names.stream().filter(name -> name.startsWith("a")).sorted().toList();
    assertThat(sorted).isNotEqualTo(names.subList(0, 6));
    List<Entry> all = TestStore.await(two.store.list("a", "", 100));
    assertThat(all.stream().map(Entry::name)).containsExactlyElementsOf(sorted);
    List<Entry> page = TestStore.await(two.store.list("a", sorted.get(1), 2));
    assertThat(page.stream().map(Entry::name)).containsExactlyElementsOf(sorted.subList(2, 4));
    assertThat(TestStore.text(page.get(0).stored())).isEqualTo(sorted.get(2));
  }

  @Test
  void aRecordThatNoServerTakesIsRefusedBeforeItIsSent() {
    Write write = new Write("a", 0, new byte[Records.MAX_BYTES + 1], Set.of());
    assertThatThrownBy(() -> one.store.compareAndSet(write))
        .isInstanceOf(LockRefusedException.class)
        .hasMessageContaining("jute.maxbuffer");
    Write largest = new Write("a", 0, new byte[Records.MAX_BYTES], Set.of());
    assertThat(TestStore.await(one.store.compareAndSet(largest)).written()).isTrue();
  }

  @Test
  void anUnknownFormatIsRefusedAndLeftAlone() throws Exception {
    Stored made = one.write("a", 0, "1").current();
    raw.setData(root + "/records/a", new byte[] {99, 1, 2, 3}, -1);
    assertThatThrownBy(() -> read(two, "a"))
        .isInstanceOf(LockRefusedException.class)
        .hasMessageContaining("99")
        .hasMessageContaining("knows 1");
    assertThatThrownBy(() -> one.write("a", made.version(), null))
        .isInstanceOf(LockRefusedException.class);
    assertThat(raw.getData(root + "/records/a", false, null)[0]).isEqualTo((byte) 99);
  }

  @Test
  void aWriteDoesNotFailBecauseItsWakeUpDoes() throws Exception {
    raw.delete(root + "/mailboxes", -1);
    Outcome outcome = one.write("a", 0, "1", 7L);
    assertThat(outcome.written()).isTrue();
    assertThat(one.write("a", outcome.current().version(), "2", 7L).written()).isTrue();
  }
}
