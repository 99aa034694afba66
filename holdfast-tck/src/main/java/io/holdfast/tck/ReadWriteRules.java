package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 7: read-write locks. */
interface ReadWriteRules {

  @Test
  default void r7_1_readersHoldTogetherAndAWriterAlone(Lab lab) {
    List<Ticket> readers = lab.nodes(6).stream().map(node -> node.reader("rw").granted()).toList();
    lab.assertLock("rw", readers, List.of());
    Ticket writer = lab.node().writer("rw").queued(0);
    readers.forEach(Ticket::release);
    writer.awaitGranted();
    Ticket writer2 = lab.node().writer("rw").queued(0);
    Ticket reader = lab.node().reader("rw").queued(1);
    lab.assertLock("rw", List.of(writer), List.of(writer2, reader));
  }

  @Test
  default void r7_2_soleReaderIsUpgradedAtOnce(Lab lab) {
    Ticket reader = lab.node().reader("rw").granted();
    long shared = reader.id();
    Ticket waiting = lab.node().writer("rw").queued();
    Ticket late = lab.node().reader("rw").queued();

    reader.upgraded();

    assertThat(reader.id()).isGreaterThan(shared);
    lab.assertLock("rw", List.of(reader), List.of(waiting, late));
    assertThat(lab.record("rw").grants().get(0).mode()).isEqualTo(Mode.EXCLUSIVE);
  }

  @Test
  default void r7_3_upgradeBesideOthersNeverWaits(Lab lab) {
    Ticket reader = lab.node().reader("rw").granted();
    Ticket other = lab.node().reader("rw").granted();

    reader.rejected(new Command.Upgrade(reader.request()), Reply.Reason.NOT_SOLE_HOLDER);
    other.rejected(new Command.Upgrade(other.request()), Reply.Reason.NOT_SOLE_HOLDER);

    lab.assertLock("rw", List.of(reader, other), List.of());
    assertThat(lab.record("rw").grants()).allMatch(grant -> grant.mode().equals(Mode.SHARED));
    other.release();
    lab.assertLock("rw", List.of(reader), List.of());
    reader.upgraded();
  }

  @Test
  default void r7_4_downgradeLetsReadersIn(Lab lab) {
    Ticket writer = lab.node().writer("rw").granted();
    Ticket reader = lab.node().reader("rw").queued();
    Ticket reader2 = lab.node().reader("rw").queued();

    writer.downgraded();

    reader.awaitGranted();
    reader2.awaitGranted();
    lab.assertLock("rw", List.of(writer, reader, reader2), List.of());
    assertThat(lab.record("rw").grants())
        .allMatch(grant -> grant.mode().equals(Mode.SHARED))
        .allMatch(grant -> grant.id() == writer.id(), "one id per read phase");
    assertThat(reader.id()).isEqualTo(writer.id());
  }

  @Test
  default void r7_5_changesOfWhatIsNotHeldAreRejected(Lab lab) {
    lab.node().writer("rw").granted();
    Ticket waiter = lab.node().reader("rw").queued();
    Ticket gone = lab.node().mutex("a").granted().release();
    for (Ticket ticket : List.of(waiter, gone, lab.node().writer("never"))) {
      ticket.rejected(new Command.Upgrade(ticket.request()), Reply.Reason.NOT_HELD);
      ticket.rejected(new Command.Downgrade(ticket.request()), Reply.Reason.NOT_HELD);
      ticket.rejected(new Command.Refresh(ticket.request()), Reply.Reason.NOT_HELD);
    }
    lab.assertAtRest("a");
    lab.assertAtRest("never");
  }

  @Test
  default void r7_6_repeatedChangeIsTheSame(Lab lab) {
    Ticket ticket = lab.node().reader("rw").granted();
    long upgraded = ticket.upgraded().id();
    assertThat(ticket.upgraded().id()).isEqualTo(upgraded);
    long downgraded = ticket.downgraded().id();
    assertThat(ticket.downgraded().id()).isEqualTo(downgraded);
    lab.assertLock("rw", List.of(ticket), List.of());
  }

  @Test
  default void r7_7_releaseOfAReaderFreesOnlyIt(Lab lab) {
    LabNode node = lab.node();
    Ticket reader = node.reader("rw").granted();
    Ticket reader2 = node.reader("rw").granted();
    Ticket reader3 = lab.node().reader("rw").granted();
    Ticket writer = lab.node().writer("rw").queued();

    reader.release();
    reader.release();

    lab.assertLock("rw", List.of(reader2, reader3), List.of(writer));
    assertThat(writer.heardGranted()).isFalse();
  }
}
