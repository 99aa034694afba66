package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 2: release and cancel. */
interface ReleaseRules {

  @Test
  default void r2_1_releaseEndsTheGrant(Lab lab) {
    lab.node().mutex("a").granted().release();
    lab.assertAtRest("a");
    lab.node().mutex("a").granted();
  }

  @Test
  default void r2_2_releaseOfNothingIsDone(Lab lab) {
    lab.node().mutex("never").release();
    lab.assertAtRest("never");

    Ticket holder = lab.node().mutex("a").granted();
    lab.node().mutex("a").release();
    lab.assertLock("a", List.of(holder), List.of());

    holder.release().release().release();
    lab.assertAtRest("a");
  }

  @Test
  default void r2_3_lateReleaseLeavesTheNewHolderAlone(Lab lab) {
    Ticket old = lab.node().mutex("a").granted();
    Ticket next = lab.node().mutex("a").queued();
    Ticket waiter = lab.node().mutex("a").queued();
    old.release();
    next.awaitGranted();

    old.release();
    old.cancel();

    lab.assertLock("a", List.of(next), List.of(waiter));
    assertThat(waiter.heardGranted()).isFalse();
  }

  @Test
  default void r2_3_lateReleaseLeavesTheNextHoldOfTheSameSessionAlone(Lab lab) {
    LabNode node = lab.node();
    Ticket old = node.mutex("a").granted().release();
    Ticket next = node.mutex("a").granted();

    old.release();

    lab.assertLock("a", List.of(next), List.of());
  }

  @Test
  default void r2_4_releaseDoesNotWithdrawAWaiter(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();

    waiter.release();

    lab.assertLock("a", List.of(holder), List.of(waiter));
    holder.release();
    waiter.awaitGranted();
  }

  @Test
  default void r2_5_cancelOfAWaiterLeavesNothing(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();

    waiter.cancel();

    lab.assertLock("a", List.of(holder), List.of());
    holder.release();
    lab.assertAtRest("a");
  }

  @Test
  default void r2_6_cancelOfAGrantedRequestEndsTheGrant(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket unwanted = lab.node().mutex("a").queued();
    Ticket next = lab.node().mutex("a").queued();
    holder.release();
    unwanted.awaitGranted();

    unwanted.cancel();

    next.awaitGranted();
    lab.assertLock("a", List.of(next), List.of());
    next.cancel();
    lab.assertAtRest("a");
  }

  @Test
  default void r2_7_cancelOfNothingIsDone(Lab lab) {
    lab.node().mutex("never").cancel().cancel();
    lab.assertAtRest("never");

    Ticket holder = lab.node().mutex("a").granted();
    lab.node().mutex("a").cancel();
    lab.assertLock("a", List.of(holder), List.of());
  }

  @Test
  default void r2_8_releaseHandsOverInTheSameStep(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();

    holder.release();

    lab.assertLock("a", List.of(waiter), List.of());
    waiter.awaitGranted();
    assertThat(waiter.id()).isGreaterThan(holder.id());
  }

  @Test
  default void r2_9_cancelOfAWaiterLetsInThoseItHeldBack(Lab lab) {
    Ticket reader = lab.node().reader("rw").granted();
    Ticket writer = lab.node().writer("rw").queued();
    Ticket reader2 = lab.node().reader("rw").queued();

    writer.cancel();

    reader2.awaitGranted();
    lab.assertLock("rw", List.of(reader, reader2), List.of());
  }

  @Test
  default void r2_10_cancelledRequestIsNeverGranted(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket cancelled = lab.node().mutex("a").queued();
    Ticket next = lab.node().mutex("a").queued();

    cancelled.cancel();
    holder.release();

    next.awaitGranted();
    assertThat(cancelled.heardGranted()).isFalse();
    cancelled.cancel();
    lab.assertLock("a", List.of(next), List.of());
  }

  @Test
  default void r2_10_cancelThatRacesWithTheGrantLeavesNothing(Lab lab) {
    List<LabNode> nodes = lab.nodes(3);
    for (int round = 0; round < lab.scaled(50); round++) {
      Ticket holder = nodes.get(0).mutex("a").granted();
      Ticket unwanted = nodes.get(1).mutex("a").queued();
      Ticket next = nodes.get(2).mutex("a").queued();

      CompletionStage<Reply> release = holder.submitAsync(new Command.Release(holder.request()));
      unwanted.cancel();

      assertThat(lab.await(release)).isEqualTo(new Reply.Done());
      next.awaitGranted();
      lab.assertLock("a", List.of(next), List.of());
      next.release();
    }
    lab.assertSpaceEmpty();
  }
}
