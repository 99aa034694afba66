package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;
import static io.holdfast.jdbc.Bench.terms;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.RecordStore.Write;
import io.holdfast.tck.Pace;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Several real processes on one lock file. */
class ProcessesTest {

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

  private boolean dead(long session) {
    return await(store.findDead(Set.of(session))).contains(session);
  }

  @Test
  void S13_aKilledProcessIsKnownToBeDeadAtOnce() {
    try (Child child = Child.start("session", bench.file, 600)) {
      long session = Long.parseLong(child.hear("session"));
      assertThat(dead(session)).isFalse();

      child.kill();

      assertThat(bench.eventually("the kill is seen", () -> dead(session)))
          .isLessThan(Pace.stretch(Duration.ofMillis(500)));
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aStoppedProcessIsNotDeadBeforeItsSessionExpires() {
    Duration ttl = Duration.ofSeconds(2);
    try (Child child = Child.start("session", bench.file, ttl.toSeconds())) {
      long session = Long.parseLong(child.hear("session"));
      long expiry = bench.number("SELECT expires_at FROM session WHERE id = " + session);
      child.signal("STOP");

      bench.eventually("expired", () -> dead(session));

      long late = bench.environment.ticker().nanoTime() - expiry;
      assertThat(Duration.ofNanos(late))
          .isBetween(Duration.ZERO, Pace.stretch(Duration.ofSeconds(1)));
    }
  }

  @Test
  void closingAndOpeningEnginesKeepsTheLocksOfOthersInTheProcess() throws Exception {
    long session = await(store.openSession(terms(), name -> {}));
    bench.open().close();
    await(bench.open().openSession(terms(), name -> {}));
    FileLocation.prepare(bench.file);

    // Another process looks: its sweep would end a session without a lock.
    try (Child child = Child.start("session", bench.file, 60)) {
      child.hear("session");
      assertThat(await(store.renewSession(session))).isTrue();
    }
  }

  @Test
  void noticesReachOtherProcesses() {
    Queue<String> woken = new ConcurrentLinkedQueue<>();
    long own = await(store.openSession(terms(), woken::add));
    try (Child child = Child.start("session", bench.file, 60)) {
      long session = Long.parseLong(child.hear("session"));
      for (int i = 0; i < 20; i++) {
        await(store.compareAndSet(new Write("n" + i, 0, new byte[1], Set.of(session, own))));
        assertThat(child.hear("woken")).isEqualTo("n" + i);
      }
    }
    assertThat(woken).hasSize(20);
  }

  @Test
  void noIncrementIsLostBetweenProcesses() {
    int each = 500;
    int processes = 8;
    List<Child> children = new ArrayList<>();
    try {
      for (int i = 0; i < processes; i++) {
        children.add(Child.start("increment", bench.file, each));
      }
      children.forEach(child -> child.hear("ready"));
      children.forEach(Child::go);
      children.forEach(child -> child.hear("done"));
    } finally {
      children.forEach(Child::close);
    }
    byte[] total = await(store.read("n")).bytes();
    assertThat(ByteBuffer.wrap(total).getLong()).isEqualTo((long) processes * each);
  }

  @Test
  void processesMayMakeTheFileAtTheSameTime() {
    for (int round = 0; round < 3; round++) {
      Path fresh = directory.resolve("fresh" + round + ".db");
      List<Child> children = new ArrayList<>();
      try {
        for (int i = 0; i < 4; i++) {
          children.add(Child.start("increment", fresh, 10));
        }
        children.forEach(child -> child.hear("ready"));
        children.forEach(Child::go);
        children.forEach(child -> child.hear("done"));
      } finally {
        children.forEach(Child::close);
      }
      JdbcRecordStore reader =
          JdbcRecordStore.open(
              new SqliteDialect(fresh, Machine.of(bench.environment.ticker())),
              Bench.SPACE,
              bench.environment);
      byte[] total = await(reader.read("n")).bytes();
      reader.close();
      assertThat(ByteBuffer.wrap(total).getLong()).isEqualTo(40);
    }
  }

  /** The tables are one transaction; before and after it there are other steps. */
  @Test
  void F52_aFileWhoseMakerWasKilledIsCompleted() {
    for (List<String> left :
        List.of(
            List.<String>of(),
            List.of("PRAGMA journal_mode = WAL"),
            List.of("DROP TRIGGER session_gone"),
            List.of("DROP TRIGGER session_gone", "DROP TABLE report"))) {
      try (Bench fresh = new Bench(directory.resolve("left" + left.hashCode()))) {
        if (left.stream().anyMatch(statement -> statement.startsWith("DROP"))) {
          fresh.open().close();
        }
        fresh.sql(left.toArray(String[]::new));
        JdbcRecordStore next = fresh.open();
        long session = await(next.openSession(terms(), name -> {}));
        await(next.publish(session, new byte[] {7}));
        assertThat(await(next.published(Set.of(session)))).as("after %s", left).hasSize(1);
        await(next.closeSession(session));
        assertThat(fresh.number("SELECT count(*) FROM report")).isZero();
      }
    }
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aDirectoryThatTheDriverCannotUnpackToIsNamed() throws Exception {
    Path occupied = Files.createFile(directory.resolve("occupied"));
    try (Child child =
        Child.startWith(List.of("-Dorg.sqlite.tmpdir=" + occupied), "session", bench.file, 60)) {
      String message = child.hear("Exception in thread \"main\"");
      assertThat(message)
          .contains("SQLite's native library could not be loaded")
          .contains(occupied.toString())
          .contains("set -Dorg.sqlite.tmpdir");
    }
  }
}
