package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 5: ids. */
interface IdRules {

  /** Ids from here on would make negative tokens. */
  long TOO_LARGE = 1L << 51;

  @Test
  default void r5_1_idsFitIntoTokens(Lab lab) {
    Ticket ticket = lab.node().mutex("a").granted();
    assertThat(ticket.id()).isPositive().isLessThan(TOO_LARGE);
  }

  @Test
  default void r5_2_idsGrowOverReCreationsOfAName(Lab lab) {
    List<LabNode> nodes = lab.nodes(3);
    long last = 0;
    for (int i = 0; i < lab.scaled(1000); i++) {
      Ticket ticket = nodes.get(i % nodes.size()).mutex("a").granted();
      assertThat(ticket.id()).as("id of grant %s", i).isGreaterThan(last);
      last = ticket.id();
      ticket.release();
    }
    lab.assertAtRest("a");
  }

  @Test
  default void r5_3_idsGrowAcrossNamesAndSessions(Lab lab) {
    List<LabNode> nodes = lab.nodes(4);
    long last = 0;
    for (int i = 0; i < lab.scaled(100); i++) {
      LabNode node = nodes.get(i % nodes.size());
      Ticket ticket = i % 2 == 0 ? node.mutex("m" + i) : node.writer("w" + i);
      assertThat(ticket.granted().id()).as("id of grant %s", i).isGreaterThan(last);
      last = ticket.id();
    }
  }

  @Test
  default void r5_3_idsOfWaitersGrowInTheOrderOfTheirGrants(Lab lab) {
    List<LabNode> nodes = lab.nodes(4);
    Ticket holder = nodes.get(0).mutex("a").granted();
    Ticket first = nodes.get(1).mutex("a").queued();
    Ticket second = nodes.get(2).mutex("a").queued();
    Ticket between = nodes.get(3).mutex("b").granted();
    holder.release();
    first.awaitGranted().release();
    second.awaitGranted();
    assertThat(List.of(holder.id(), between.id(), first.id(), second.id()))
        .isSorted()
        .doesNotHaveDuplicates();
  }

  @Test
  default void r5_4_idsDoNotGoBackWhenEnginesAreOpenedAgain(Lab lab) {
    long last = 0;
    Set<Long> sessions = new HashSet<>();
    for (int round = 0; round < 4; round++) {
      LabNode node = lab.node();
      assertThat(sessions.add(node.session().id())).isTrue();
      for (int i = 0; i < 5; i++) {
        Ticket ticket = node.mutex("a").granted();
        assertThat(ticket.id()).isGreaterThan(last);
        last = ticket.id();
        ticket.release();
      }
      lab.reopen();
    }
  }

  @Test
  default void r5_5_readersOfAPhaseShareAnId(Lab lab) {
    List<LabNode> nodes = lab.nodes(3);
    Ticket reader = nodes.get(0).reader("rw").granted();
    nodes.get(0).mutex("unrelated").granted();
    Ticket reader2 = nodes.get(1).reader("rw").granted();
    assertThat(reader2.id()).as("a reader who joins").isEqualTo(reader.id());
    reader.release();
    Ticket reader3 = nodes.get(2).reader("rw").granted();
    assertThat(reader3.id()).as("a reader who joins the rest").isEqualTo(reader2.id());

    Ticket writer = nodes.get(0).writer("rw").queued();
    List<Ticket> nextPhase = new ArrayList<>();
    nodes.forEach(node -> nextPhase.add(node.reader("rw").queued()));
    reader2.release();
    reader3.release();
    writer.awaitGranted();
    assertThat(writer.id()).isGreaterThan(reader.id());
    writer.release();

    nextPhase.forEach(Ticket::awaitGranted);
    assertThat(nextPhase.stream().map(Ticket::id).distinct()).hasSize(1);
    assertThat(nextPhase.get(0).id()).isGreaterThan(writer.id());
  }

  @Test
  default void r5_6_changesOfAGrantDrawALargerId(Lab lab) {
    Ticket ticket = lab.node().writer("rw").granted();
    long granted = ticket.id();
    long refreshed = ticket.refreshed().id();
    long downgraded = ticket.downgraded().id();
    long upgraded = ticket.upgraded().id();
    assertThat(List.of(granted, refreshed, downgraded, upgraded))
        .isSorted()
        .doesNotHaveDuplicates();
    assertThat(lab.record("rw").grants().get(0).id()).isEqualTo(upgraded);
    assertThat(ticket.granted().id()).as("a repeated acquire tells the new id").isEqualTo(upgraded);

    Ticket mutex = lab.node().mutex("a").granted();
    assertThat(mutex.id()).isGreaterThan(upgraded);
    assertThat(mutex.refreshed().id()).isGreaterThan(upgraded);
  }

  @Test
  default void r5_7_replyEventAndRecordTellTheSameId(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    assertThat(lab.record("a").grants().get(0).id()).isEqualTo(holder.id());
    Ticket waiter = lab.node().mutex("a").queued();
    holder.release();
    long heard = waiter.awaitGranted().id();
    assertThat(lab.record("a").grants().get(0).id()).isEqualTo(heard);
    assertThat(waiter.granted().id()).isEqualTo(heard);
  }
}
