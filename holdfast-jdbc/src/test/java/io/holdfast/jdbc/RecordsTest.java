package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.text;
import static io.holdfast.jdbc.Bench.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Records and their versions. */
class RecordsTest {

  @TempDir Path directory;
  private Bench bench;
  private JdbcRecordStore store;

  @BeforeEach
  void open() {
    bench = new Bench(directory);
    store = bench.open();
  }

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void aRecordIsMadeChangedAndDeleted() {
    assertThat(await(store.read("a"))).isEqualTo(Stored.ABSENT);

    Outcome made = write(store, "a", 0, "one");
    assertThat(made.written()).isTrue();
    assertThat(made.current().version()).isPositive();
    assertThat(text(await(store.read("a")))).isEqualTo("one");
    assertThat(await(store.read("a")).version()).isEqualTo(made.current().version());

    Outcome changed = write(store, "a", made.current().version(), "two");
    assertThat(changed.written()).isTrue();
    assertThat(changed.current().version()).isGreaterThan(made.current().version());
    assertThat(text(await(store.read("a")))).isEqualTo("two");

    Outcome deleted = write(store, "a", changed.current().version(), null);
    assertThat(deleted).isEqualTo(new Outcome(true, Stored.ABSENT));
    assertThat(await(store.read("a"))).isEqualTo(Stored.ABSENT);
  }

  @Test
  void aLostRaceGivesTheRecordThatStoodInTheWay() {
    long version = write(store, "a", 0, "one").current().version();

    for (Outcome lost :
        List.of(
            write(store, "a", 0, "two"),
            write(store, "a", version + 1, "two"),
            write(store, "a", version + 1, null),
            write(store, "a", 0, null))) {
      assertThat(lost.written()).isFalse();
      assertThat(lost.current().version()).isEqualTo(version);
      assertThat(text(lost.current())).isEqualTo("one");
    }
    assertThat(write(store, "b", 7, "x")).isEqualTo(new Outcome(false, Stored.ABSENT));
    assertThat(write(store, "b", 7, null)).isEqualTo(new Outcome(false, Stored.ABSENT));
    assertThat(write(store, "b", 0, null)).isEqualTo(new Outcome(true, Stored.ABSENT));
  }

  @Test
  void spacesDoNotSeeEachOther() {
    JdbcRecordStore other = bench.open("other");
    write(store, "a", 0, "one");

    assertThat(await(other.read("a"))).isEqualTo(Stored.ABSENT);
    assertThat(await(other.list("", "", 10))).isEmpty();
  }

  @Test
  void versionsGrowOverDeletionAndReopening() {
    long last = 0;
    for (int i = 0; i < 50; i++) {
      long version = write(store, "a", 0, "x").current().version();
      assertThat(version).isGreaterThan(last);
      last = version;
      write(store, "a", version, null);
      if (i % 10 == 9) {
        bench.closeStores();
        store = bench.open();
      }
    }
  }

  @Test
  void versionsGrowOverAPowerFailureThatLosesTheLastCommits() {
    long before = bench.number("SELECT version FROM counter");
    long last = 0;
    for (int i = 0; i < 10; i++) {
      last = write(store, "n" + i, 0, "x").current().version();
    }
    bench.closeStores();
    bench.sql("UPDATE counter SET version = " + before, "DELETE FROM record");

    store = bench.open(Bench.SPACE, "another-boot");

    assertThat(write(store, "a", 0, "x").current().version()).isGreaterThan(last);
    assertThat(bench.number("SELECT ceiling - version FROM counter")).isGreaterThan(1 << 19);
  }

  @Test
  void theSameBootGoesOnWithTheNextVersion() {
    long version = write(store, "a", 0, "x").current().version();
    bench.closeStores();
    store = bench.open();
    assertThat(write(store, "b", 0, "x").current().version()).isEqualTo(version + 1);
  }

  @Test
  void noVersionIsGivenOutAboveTheCeilingThatIsOnTheDisk() {
    bench.sql("UPDATE counter SET ceiling = version + 2");
    long last = 0;
    for (int i = 0; i < 10; i++) {
      Outcome outcome = write(store, "n" + i, 0, "x");
      assertThat(outcome.written()).isTrue();
      assertThat(outcome.current().version()).isGreaterThan(last);
      last = outcome.current().version();
    }
    assertThat(bench.number("SELECT ceiling - version FROM counter")).isGreaterThan(1 << 19);
  }

  @Test
  void versionsLeaveRoomForTheTokenBits() {
    bench.sql("UPDATE counter SET version = (1 << 50) - 2, ceiling = (1 << 50) - 1");
    assertThat(write(store, "a", 0, "x").current().version()).isEqualTo((1L << 50) - 1);
    assertThatThrownBy(() -> write(store, "b", 0, "x"))
        .isInstanceOf(EngineUnavailableException.class);
  }

  @Test
  void aNewFileBeginsAboveTheVersionsOfOneThatWasDeleted() {
    long version = write(store, "a", 0, "x").current().version();
    bench.closeStores();
    assertThat(bench.file.toFile().delete()).isTrue();
    bench.file.resolveSibling("locks.db-wal").toFile().delete();

    bench.eventually("the clock goes on", () -> bench.environment.ticker().epochMillis() > version);
    Bench again = new Bench(directory);
    try (again) {
      assertThat(write(again.open(), "a", 0, "x").current().version()).isGreaterThan(version);
    }
  }

  @Test
  void listsInTheOrderOfStrings() {
    // U+FF5E comes before U+1F512 in UTF-8, and after its surrogates in a string.
    List<String> names = List.of("a", "a\0b", "a/1", "a/2", "a/\ud83d\udd12", "a/\uff5e", "b");
    assertThat(names).isSorted();
    List<String> shuffled = new ArrayList<>(names);
    java.util.Collections.reverse(shuffled);
    shuffled.forEach(name -> write(store, name, 0, name));

    assertThat(names(store.list("", "", 100))).isEqualTo(names);
    assertThat(names(store.list("a/", "", 100))).isEqualTo(names.subList(2, 6));
    assertThat(names(store.list("a/", "a/1", 100))).isEqualTo(names.subList(3, 6));
    assertThat(names(store.list("a/", "a/1", 2))).isEqualTo(names.subList(3, 5));
    assertThat(names(store.list("", "a/\uff5e", 2))).isEqualTo(List.of("b"));
    assertThat(names(store.list("a/", "b", 2))).isEmpty();
    assertThat(names(store.list("c", "", 2))).isEmpty();
    assertThat(text(await(store.list("a\0b", "", 1)).get(0).stored())).isEqualTo("a\0b");
  }

  private static List<String> names(CompletionStage<List<Entry>> listing) {
    return await(listing).stream().map(Entry::name).toList();
  }

  @Test
  void keepsLargeRecords() {
    byte[] large = new byte[2_000_000];
    large[1_999_999] = 7;
    await(store.compareAndSet(new Write("a", 0, large, Set.of())));
    assertThat(await(store.read("a")).bytes()).isEqualTo(large);
  }

  @Test
  void noIncrementIsLostBetweenStoresOfOneProcess() {
    int stores = 6;
    int each = 300;
    List<CompletableFuture<Void>> workers = new ArrayList<>();
    for (int i = 0; i < stores; i++) {
      JdbcRecordStore own = bench.open();
      workers.add(CompletableFuture.runAsync(() -> increment(own, "n", each)));
    }
    workers.forEach(Bench::await);
    assertThat(ByteBuffer.wrap(await(store.read("n")).bytes()).getLong()).isEqualTo(stores * each);
  }

  /** Adds one so many times; counts nothing that was not written. */
  static void increment(JdbcRecordStore store, String name, int times) {
    Stored current = await(store.read(name));
    int done = 0;
    while (done < times) {
      byte[] old = current.bytes();
      long value = old == null ? 0 : ByteBuffer.wrap(old).getLong();
      byte[] next = ByteBuffer.allocate(Long.BYTES).putLong(value + 1).array();
      Outcome outcome =
          await(store.compareAndSet(new Write(name, current.version(), next, Set.of())));
      current = outcome.current();
      if (outcome.written()) {
        done++;
      }
    }
  }

  @Test
  void requestsThatQueueUpTogetherAllGetTheirAnswers() {
    List<CompletionStage<Outcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      outcomes.add(store.compareAndSet(new Write("n", 0, Bench.bytes("" + i), Set.of())));
    }
    long written = outcomes.stream().filter(outcome -> await(outcome).written()).count();
    assertThat(written).isEqualTo(1);
    assertThat(text(await(store.read("n")))).isEqualTo("0");
  }

  @Test
  void aClosedStoreFinishesWhatWasAskedAndRefusesTheRest() {
    CompletionStage<Outcome> before =
        store.compareAndSet(new Write("a", 0, Bench.bytes("x"), Set.of()));
    store.close();
    store.close();
    assertThat(await(before).written()).isTrue();
    assertThatThrownBy(() -> await(store.read("a")))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageEndingWith("open a new one");
  }

  @Test
  void saysWhatItIsAndPromises() {
    assertThat(store.description().type()).isEqualTo("file");
    assertThat(store.description().location()).isEqualTo(bench.file.toString());
    assertThat(store.description().guarantees())
        .anyMatch(line -> line.startsWith("crash:"))
        .anyMatch(line -> line.startsWith("pause:"))
        .anyMatch(line -> line.startsWith("clock jump:"))
        .anyMatch(line -> line.startsWith("reboot:"))
        .anyMatch(line -> line.startsWith("power failure:"))
        .anyMatch(line -> line.startsWith("network file systems:"));
  }
}
