package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.LockReport;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RequestId;
import java.time.Instant;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class WaitingTest {

  private static final Instant NOW = Instant.parse("2026-11-22T12:00:12Z");
  private static final Instant BEFORE = Instant.parse("2026-11-22T12:00:00Z");

  private static LockReport.Party party(long pid) {
    return new LockReport.Party(pid, "x-" + pid, "x", pid);
  }

  private static LockReport.Holder holder(long pid, String owner) {
    return new LockReport.Holder(
        party(pid), owner, Mode.EXCLUSIVE, pid * 10, BEFORE, new RequestId(pid, 1), pid);
  }

  private static LockReport report(List<LockReport.Holder> holders, long... waiters) {
    List<LockReport.Waiting> queue =
        LongStream.of(waiters)
            .mapToObj(pid -> new LockReport.Waiting(party(pid), "job", Mode.EXCLUSIVE, BEFORE))
            .toList();
    return new LockReport("nightly", LockKind.MUTEX, holders, queue);
  }

  @Test
  void S25_saysWhoHoldsItSinceWhenAndHowManyAreBefore() {
    LockReport report = report(List.of(holder(4711, "backup.sh")), 1, 2, 99, 3);

    assertThat(new Waiting(report, 99).line(NOW))
        .isEqualTo(
            "waiting for nightly, held by pid 4711 on host x (backup.sh) for 12 s, 2 before you");
  }

  @Test
  void saysNothingOfNobodyBefore() {
    LockReport report = report(List.of(holder(4711, "backup.sh")), 99, 3);

    assertThat(new Waiting(report, 99).line(NOW)).endsWith("for 12 s");
  }

  @Test
  void countsFurtherHolders() {
    LockReport report = report(List.of(holder(1, "a"), holder(2, "b"), holder(3, "c")), 99);

    assertThat(new Waiting(report, 99).line(NOW)).contains("(a) for 12 s and 2 more");
  }

  @Test
  void duringAHandOffThereIsNoHolder() {
    assertThat(new Waiting(report(List.of(), 99), 99).line(NOW)).isEqualTo("waiting for nightly");
  }

  @Test
  void passingTimeIsNoNews() {
    LockReport report = report(List.of(holder(4711, "a")), 99);

    assertThat(new Waiting(report, 99).news()).isEqualTo(new Waiting(report, 99).news());
    assertThat(new Waiting(report(List.of(holder(4712, "a")), 99), 99).news())
        .isNotEqualTo(new Waiting(report, 99).news());
    assertThat(new Waiting(report(List.of(holder(4711, "a")), 1, 99), 99).news())
        .isNotEqualTo(new Waiting(report, 99).news());
  }

  @Test
  void aTableHasALineForEachHolder() {
    LockReport free = report(List.of(), 1);
    LockReport held = report(List.of(holder(1, "a"), holder(2, "longer name")), 5, 6);

    assertThat(Listing.table(List.of(held, free), NOW))
        .containsExactly(
            "NAME     KIND   HOLDER       HOST  PID  FOR   TOKEN  WAITING",
            "nightly  mutex  a            x     1    12 s  10     2",
            "nightly  mutex  longer name  x     2    12 s  20     2",
            "nightly  mutex  -            -     -    -     -      1");
  }

  @Test
  void S25_sentencesGiveHolderTokenAndQueueInOrder() {
    assertThat(Listing.sentences(report(List.of(holder(4711, "a")), 7, 8), NOW))
        .containsExactly(
            "nightly (mutex) is held by pid 4711 on host x (a) for 12 s, exclusive, token 47110.",
            "1. pid 7 on host x (job) has waited 12 s, exclusive.",
            "2. pid 8 on host x (job) has waited 12 s, exclusive.");
  }

  @Test
  void namesCannotSteerTheTerminal() {
    assertThat(Listing.printable("a\u001b[2Jb\nc\u009bd")).isEqualTo("a\uFFFD[2Jb\uFFFDc\uFFFDd");
  }
}
