package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 9: events. */
interface EventRules {

  @Test
  default void r9_1_grantedWaiterHearsIt(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();
    assertThat(waiter.heardGranted()).isFalse();
    holder.release();
    waiter.awaitGranted();
  }

  @Test
  default void r9_1_waitersOfManyNamesHearIt(Lab lab) {
    LabNode holding = lab.node();
    LabNode waiting = lab.node();
    List<Ticket> holders = new ArrayList<>();
    List<Ticket> waiters = new ArrayList<>();
    for (int i = 0; i < lab.scaled(200); i++) {
      holders.add(holding.mutex("name" + i).granted());
      waiters.add(waiting.mutex("name" + i).queued());
    }
    holders.forEach(Ticket::release);
    waiters.forEach(Ticket::awaitGranted);
  }

  @Test
  default void r9_2_holderHearsThatItsGrantWasEnded(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    LabNode operator = lab.node();
    assertThat(lab.await(operator.engine().forceRelease("a", holder.request(), holder.id())))
        .isTrue();
    holder.awaitEnded();
  }

  @Test
  default void r9_3_sessionHearsOnlyOfItsOwnRequests(Lab lab) {
    List<LabNode> nodes = lab.nodes(4);
    for (int round = 0; round < 3; round++) {
      Ticket holder = nodes.get(0).mutex("a").retainable().granted();
      Ticket trying = nodes.get(1).mutex("a").trying().queued();
      Ticket waiter = nodes.get(2).mutex("a").queued();
      holder.awaitRevoke(false).decline();
      trying.awaitRejected(Reply.Reason.BUSY);
      holder.release();
      waiter.awaitGranted().release();
    }
    for (LabNode node : nodes) {
      assertThat(node.recorder().requests())
          .as("requests that session %s heard of", node.session().id())
          .extracting(RequestId::session)
          .allMatch(session -> session == node.session().id());
    }
    assertThat(nodes.get(3).recorder().requests()).isEmpty();
  }

  @Test
  default void r9_4_callsToOneListenerComeOneAfterTheOther(Lab lab) {
    LabNode listening = lab.node();
    List<LabNode> others = lab.nodes(4);
    for (int round = 0; round < 5; round++) {
      List<Ticket> holders = new ArrayList<>();
      List<Ticket> waiters = new ArrayList<>();
      for (LabNode other : others) {
        for (int i = 0; i < 5; i++) {
          String name = other.session().id() + "/" + i;
          holders.add(other.mutex(name).granted());
          waiters.add(listening.mutex(name).queued());
        }
      }
      lab.together(holders, Ticket::release);
      waiters.forEach(Ticket::awaitGranted);
      waiters.forEach(Ticket::release);
    }
    assertThat(listening.recorder().overlapped()).as("two calls at once").isFalse();
  }

  @Test
  default void r9_5_repeatedAcquireTellsThePresentState(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued(0);
    waiter.queued(0);
    holder.release();
    waiter.granted();
    assertThat(waiter.id()).isGreaterThan(holder.id());
    lab.assertLock("a", List.of(waiter), List.of());
  }
}
