package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 3: order and fairness. */
interface OrderRules {

  @Test
  default void r3_1_waitersOfSeveralSessionsAreGrantedInOrder(Lab lab) {
    List<LabNode> nodes = lab.nodes(5);
    Ticket holder = nodes.get(0).mutex("a").granted();
    List<Ticket> waiters = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      waiters.add(nodes.get(i * 3 % nodes.size()).mutex("a").queued(i));
    }
    assertHandedOnInOrder(lab, holder, waiters);
  }

  @Test
  default void r3_8_hundredsOfWaitersAreGrantedInOrder(Lab lab) {
    List<LabNode> nodes = lab.nodes(8);
    Ticket holder = nodes.get(0).mutex("a").granted();
    List<Ticket> waiters = new ArrayList<>();
    for (int i = 0; i < lab.scaled(200); i++) {
      waiters.add(nodes.get(i % nodes.size()).mutex("a").queued(i));
    }
    assertHandedOnInOrder(lab, holder, waiters);
  }

  private static void assertHandedOnInOrder(Lab lab, Ticket holder, List<Ticket> waiters) {
    Ticket previous = holder;
    for (int i = 0; i < waiters.size(); i++) {
      Ticket next = waiters.get(i);
      lab.assertLock("a", List.of(previous), waiters.subList(i, waiters.size()));
      assertThat(next.heardGranted()).as("%s granted before its turn", next).isFalse();
      previous.release();
      next.awaitGranted();
      assertThat(next.id()).isGreaterThan(previous.id());
      previous = next;
    }
    previous.release();
    lab.assertAtRest("a");
  }

  @Test
  default void r3_2_newRequestNeverOvertakesAWaiter(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued(0);
    holder.release();
    Ticket late = holder.node().mutex("a").queued(0);
    lab.assertLock("a", List.of(waiter), List.of(late));
  }

  @Test
  default void r3_3_readerBehindAWaitingWriterWaits(Lab lab) {
    Ticket reader = lab.node().reader("rw").granted();
    Ticket writer = lab.node().writer("rw").queued(0);
    Ticket late = lab.node().reader("rw").queued(1);
    lab.assertLock("rw", List.of(reader), List.of(writer, late));
  }

  @Test
  default void r3_4_allWaitingReadersEnterWhenAWriterLeaves(Lab lab) {
    Ticket writer = lab.node().writer("rw").granted();
    Ticket reader = lab.node().reader("rw").queued();
    Ticket writer2 = lab.node().writer("rw").queued();
    Ticket reader2 = lab.node().reader("rw").queued();
    Ticket reader3 = lab.node().reader("rw").queued();

    writer.release();

    reader.awaitGranted();
    reader2.awaitGranted();
    reader3.awaitGranted();
    lab.assertLock("rw", List.of(reader, reader2, reader3), List.of(writer2));
  }

  @Test
  default void r3_5_writerEntersWhenTheLastReaderLeaves(Lab lab) {
    Ticket reader = lab.node().reader("rw").granted();
    Ticket reader2 = lab.node().reader("rw").granted();
    Ticket writer = lab.node().writer("rw").queued(0);
    Ticket writer2 = lab.node().writer("rw").queued(1);

    reader2.release();
    lab.assertLock("rw", List.of(reader), List.of(writer, writer2));
    reader.release();

    writer.awaitGranted();
    lab.assertLock("rw", List.of(writer), List.of(writer2));
  }

  @Test
  default void r3_6_writerIsNotStarvedByAStreamOfReaders(Lab lab) {
    List<LabNode> nodes = lab.nodes(4);
    List<Ticket> inside = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      inside.add(nodes.get(i).reader("rw").granted());
    }
    Ticket writer = nodes.get(3).writer("rw").queued(0);
    List<Ticket> stream = new ArrayList<>();
    for (Ticket reader : inside) {
      for (LabNode node : nodes) {
        stream.add(node.reader("rw").queued());
      }
      reader.release();
    }

    writer.awaitGranted();
    lab.assertLock("rw", List.of(writer), stream);
    writer.release();
    stream.forEach(Ticket::awaitGranted);
    lab.assertLock("rw", stream, List.of());
  }

  @Test
  default void r3_7_readerIsNotStarvedByAStreamOfWriters(Lab lab) {
    List<LabNode> nodes = lab.nodes(4);
    Ticket writer = nodes.get(0).writer("rw").granted();
    List<Ticket> writers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      writers.add(nodes.get(i % 3).writer("rw").queued());
    }
    for (Ticket next : writers) {
      Ticket reader = nodes.get(3).reader("rw").queued();
      writer.release();
      reader.awaitGranted();
      reader.release();
      next.awaitGranted();
      writer = next;
    }
    lab.assertLock("rw", List.of(writer), List.of());
  }
}
