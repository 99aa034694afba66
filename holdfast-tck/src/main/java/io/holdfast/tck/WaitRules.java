package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.WaitReport.Link;
import io.holdfast.rules.WaitReport.Step;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 14: what an engine does for the search for deadlocks. */
interface WaitRules {

  private static WaitReport report(long number, String owner) {
    Step step = new Step(owner, "a", Mode.EXCLUSIVE, "b/ü", Mode.SHARED, 1_700_000_000_000L, 7);
    return new WaitReport(
        number, number - 1, 0, List.of(new Link("a", 3, "b/ü", 4, List.of(step))));
  }

  @Test
  default void r14_1_aReportIsSeenByEverybodyAndReplacesTheLast(Lab lab) {
    LabNode node = lab.node();
    LabNode other = lab.node();
    for (int number = 1; number <= 5; number++) {
      WaitReport said = report(number, "owner-" + number);
      lab.await(node.session().report(said));
      Set<Long> asked = Set.of(node.session().id());
      assertThat(lab.await(other.engine().reports(asked)))
          .isEqualTo(Map.of(node.session().id(), said));
    }
    WaitReport nothing = new WaitReport(6, 5, 0, List.of());
    lab.await(node.session().report(nothing));
    assertThat(lab.await(other.engine().reports(Set.of(node.session().id()))))
        .isEqualTo(Map.of(node.session().id(), nothing));
  }

  @Test
  default void r14_2_whoSaidNothingOrIsGoneHasNoReport(Lab lab) {
    LabNode silent = lab.node();
    LabNode closed = lab.node();
    LabNode speaking = lab.node();
    lab.await(closed.session().report(report(1, "closed")));
    lab.await(speaking.session().report(report(1, "speaking")));
    lab.await(closed.session().close());

    Set<Long> asked =
        Set.of(
            silent.session().id(),
            closed.session().id(),
            speaking.session().id(),
            Long.MAX_VALUE >> 13);
    assertThat(lab.await(speaking.engine().reports(asked)))
        .isEqualTo(Map.of(speaking.session().id(), report(1, "speaking")));
    assertThat(lab.await(speaking.engine().reports(Set.of()))).isEmpty();
  }

  @Test
  default void r14_3_aReminderMakesAHolderLookAgain(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    LabNode waiting = lab.node();
    waiting.mutex("a").queued();
    holder.awaitRevoke(false);
    int heard = holder.revokes();

    waiting.session().remind("a", Set.of(holder.request().session()));

    lab.eventually("another revoke", () -> holder.revokes() > heard);
  }

  @Test
  default void r14_4_aReaderIsLetPastWritersBesideReaders(Lab lab) {
    Ticket reading = lab.node().reader("rw").granted();
    Ticket writer = lab.node().writer("rw").queued();
    LabNode node = lab.node();
    Ticket reader = node.reader("rw").queued();

    Reply reply = node.ask("rw", new Command.Pass(reader.request()));

    assertThat(reply).isEqualTo(new Reply.Granted(reading.id()));
    lab.assertLock("rw", List.of(reading, reader), List.of(writer));
    reading.release();
    reader.release();
    writer.awaitGranted();
  }

  @Test
  default void r14_4_nobodyElseIsLetPast(Lab lab) {
    Ticket writing = lab.node().writer("rw").granted();
    LabNode node = lab.node();
    Ticket reader = node.reader("rw").queued();
    Ticket writer = node.writer("rw").queued();

    assertThat(node.ask("rw", new Command.Pass(reader.request()))).isEqualTo(new Reply.Queued(0));
    assertThat(node.ask("rw", new Command.Pass(writer.request()))).isEqualTo(new Reply.Queued(1));
    Ticket mutex = lab.node().mutex("m").granted();
    Ticket next = node.mutex("m").queued();
    assertThat(node.ask("m", new Command.Pass(next.request()))).isEqualTo(new Reply.Queued(0));
    node.reader("rw")
        .rejected(new Command.Pass(node.reader("rw").request()), Reply.Reason.NOT_HELD);

    lab.assertLock("rw", List.of(writing), List.of(reader, writer));
    lab.assertLock("m", List.of(mutex), List.of(next));
  }
}
