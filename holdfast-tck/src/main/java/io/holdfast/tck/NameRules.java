package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.LockNames;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRules;
import io.holdfast.rules.Reply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 10: names, kinds, limits. */
interface NameRules {

  /** Names that some store, protocol or language has trouble with. */
  List<String> HARD_NAMES =
      List.of(
          "a",
          "x".repeat(LockNames.MAX_BYTES),
          "\uD83D\uDD12".repeat(LockNames.MAX_BYTES / 4),
          "a/b/c",
          "/",
          " ",
          "a\u0000b",
          "\u0000",
          "line\nbreak\ttab\r",
          "'; DROP TABLE locks; --",
          "\"quoted\" `back` \\slash",
          "{braces}",
          "colon:semicolon;comma,pipe|",
          "%2F?query=1#hash&amp;",
          "\u0645\u0631\u062D\u0628\u0627",
          "\u202Ertl",
          "\u65E5\u672C\u8A9E",
          "\uFFFD\uFEFF\uFFFF",
          "..",
          "null",
          "0");

  /** Names that a careless store takes for the same. */
  List<String> ALIKE_NAMES =
      List.of(
          "name",
          "Name",
          "NAME",
          "name ",
          " name",
          "name  ",
          "name/",
          "/name",
          "n\u0430me",
          "caf\u00E9",
          "cafe\u0301",
          "cafe",
          "\u00DF",
          "ss",
          "\u0130",
          "i",
          "I",
          "name\u0000",
          "n_me",
          "n%me",
          "n*me",
          "n?me",
          "[n]ame",
          "name\n",
          "1",
          "01",
          "1.0");

  @Test
  default void r10_1_everyNameHasItsOwnLock(Lab lab) {
    LabNode node = lab.node();
    LabNode other = lab.node();
    for (String name : HARD_NAMES) {
      Ticket holder = node.mutex(name).granted();
      Ticket waiter = other.mutex(name).queued(0);
      assertThat(lab.view(name).map(LockView::name)).contains(name);
      lab.assertLock(name, List.of(holder), List.of(waiter));
      holder.release();
      waiter.awaitGranted();
    }
    assertListed(lab, HARD_NAMES);
  }

  @Test
  default void r10_2_namesThatLookAlikeDiffer(Lab lab) {
    List<LabNode> nodes = lab.nodes(2);
    List<Ticket> holders = new ArrayList<>();
    for (String name : ALIKE_NAMES) {
      holders.add(nodes.get(holders.size() % 2).mutex(name).granted());
    }
    for (int i = 0; i < holders.size(); i++) {
      lab.assertLock(ALIKE_NAMES.get(i), List.of(holders.get(i)), List.of());
    }
    assertListed(lab, ALIKE_NAMES);
    holders.get(0).release();
    lab.assertAtRest(ALIKE_NAMES.get(0));
    assertListed(lab, ALIKE_NAMES.subList(1, ALIKE_NAMES.size()));
  }

  private static void assertListed(Lab lab, List<String> names) {
    assertThat(lab.await(lab.observer().list("", "", 1000)))
        .extracting(LockView::name)
        .containsExactlyElementsOf(names.stream().sorted().toList());
  }

  @Test
  default void r10_3_firstAcquireFixesTheKind(Lab lab) {
    Ticket mutex = lab.node().mutex("a").granted();
    assertThat(lab.node().writer("a").rejected(Reply.Reason.KIND_MISMATCH).present())
        .isEqualTo(LockKind.MUTEX);
    assertThat(lab.node().reader("a").rejected(Reply.Reason.KIND_MISMATCH).present())
        .isEqualTo(LockKind.MUTEX);
    assertThat(lab.node().permits("a", 1, 1).rejected(Reply.Reason.KIND_MISMATCH).present())
        .isEqualTo(LockKind.MUTEX);
    lab.assertLock("a", List.of(mutex), List.of());

    lab.node().reader("rw").granted();
    assertThat(lab.node().mutex("rw").rejected(Reply.Reason.KIND_MISMATCH).present())
        .isEqualTo(LockKind.READ_WRITE);
  }

  @Test
  default void r10_4_lockAtRestCanBecomeAnyKind(Lab lab) {
    LabNode node = lab.node();
    node.mutex("a").granted().release();
    node.reader("a").granted().release();
    node.permits("a", 1, 2).granted().release();
    node.permits("a", 1, 3).granted().release();
    node.mutex("a").granted().release();
    lab.assertAtRest("a");
  }

  @Test
  default void r10_5_ownerLabelComesBackAsItWas(Lab lab) {
    List<String> labels =
        List.of(
            "",
            "thread-12",
            "x".repeat(LockRules.MAX_OWNER_LENGTH),
            "\u65E5\u672C\u8A9E \uD83D\uDD12 \u0645\u0631\u062D\u0628\u0627",
            "tab\tline\nquote'\"nul\u0000end ");
    LabNode node = lab.node();
    for (int i = 0; i < labels.size(); i++) {
      node.mutex("a" + i).owner(labels.get(i)).granted();
      lab.node().mutex("a" + i).owner(labels.get(i)).queued();
      assertThat(lab.record("a" + i).grants().get(0).owner()).isEqualTo(labels.get(i));
      assertThat(lab.record("a" + i).queue().get(0).owner()).isEqualTo(labels.get(i));
    }
  }

  @Test
  default void r10_6_spacesAreSeparate(Lab lab) {
    Ticket here = lab.node().mutex("a").granted();
    LabNode stranger = lab.node(lab.elsewhere(), SessionTerms.DEFAULT_TTL);
    Ticket there = stranger.permits("a", 1, 2).granted();

    lab.assertLock("a", List.of(here), List.of());
    assertThat(lab.await(stranger.engine().list("", "", 10))).hasSize(1);
    stranger.close();
    assertThat(lab.await(stranger.engine().read("a"))).isEmpty();
    lab.assertLock("a", List.of(here), List.of());
    assertThat(there.node().recorder().requests()).isEmpty();
  }

  @Test
  default void r10_8_differentNamesNeverWaitForEachOther(Lab lab) {
    LabNode node = lab.node();
    Ticket blocker = lab.node().mutex("blocked").granted();
    Set<Ticket> waiters = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      waiters.add(node.mutex("blocked").queued());
    }
    for (int i = 0; i < 20; i++) {
      node.mutex("free" + i).granted();
    }
    assertThat(waiters).noneMatch(Ticket::heardGranted);
    blocker.release();
  }
}
