package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.LockKind;
import io.holdfast.rules.Reply;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 8: semaphores. */
interface SemaphoreRules {

  @Test
  default void r8_1_requestsHoldTogetherWhilePermitsSuffice(Lab lab) {
    List<Ticket> holders = new ArrayList<>();
    for (LabNode node : lab.nodes(4)) {
      holders.add(node.permits("sem", 1, 5).granted());
    }
    holders.add(holders.get(0).node().permits("sem", 1, 5).granted());
    lab.assertLock("sem", holders, List.of());
  }

  @Test
  default void r8_2_neverMorePermitsThanThereAre(Lab lab) {
    Ticket three = lab.node().permits("sem", 3, 4).granted();
    Ticket two = lab.node().permits("sem", 2, 4).queued(0);
    lab.assertLock("sem", List.of(three), List.of(two));
    two.cancel();
    Ticket one = lab.node().permits("sem", 1, 4).granted();
    Ticket more = lab.node().permits("sem", 1, 4).queued(0);
    lab.assertLock("sem", List.of(three, one), List.of(more));
  }

  @Test
  default void r8_3_smallRequestDoesNotPassALargeOne(Lab lab) {
    Ticket holder = lab.node().permits("sem", 2, 3).granted();
    Ticket large = lab.node().permits("sem", 3, 3).queued(0);
    Ticket small = lab.node().permits("sem", 1, 3).queued(1);
    lab.assertLock("sem", List.of(holder), List.of(large, small));

    holder.release();
    large.awaitGranted();
    lab.assertLock("sem", List.of(large), List.of(small));
    large.release();
    small.awaitGranted();
  }

  @Test
  default void r8_4_releaseLetsInAllLeadingWaitersThatFit(Lab lab) {
    Ticket all = lab.node().permits("sem", 4, 4).granted();
    Ticket one = lab.node().permits("sem", 1, 4).queued();
    Ticket two = lab.node().permits("sem", 2, 4).queued();
    Ticket tooMany = lab.node().permits("sem", 2, 4).queued();
    Ticket last = lab.node().permits("sem", 1, 4).queued();

    all.release();

    lab.assertLock("sem", List.of(one, two), List.of(tooMany, last));
    one.awaitGranted();
    two.awaitGranted();
    one.release();
    tooMany.awaitGranted();
    lab.assertLock("sem", List.of(two, tooMany), List.of(last));
  }

  @Test
  default void r8_5_otherNumberOfPermitsIsAnotherKind(Lab lab) {
    Ticket holder = lab.node().permits("sem", 1, 3).granted();
    Reply.Rejected rejected = lab.node().permits("sem", 1, 4).rejected(Reply.Reason.KIND_MISMATCH);
    assertThat(rejected.present()).isEqualTo(LockKind.semaphore(3));
    lab.assertLock("sem", List.of(holder), List.of());
  }

  @Test
  default void r8_6_permitsOfAnEndedSessionAreFree(Lab lab) {
    LabNode leaving = lab.node();
    leaving.permits("sem", 1, 3).granted();
    leaving.permits("sem", 1, 3).granted();
    Ticket staying = lab.node().permits("sem", 1, 3).granted();
    Ticket waiter = lab.node().permits("sem", 2, 3).queued();

    leaving.close();

    waiter.awaitGranted();
    lab.assertLock("sem", List.of(staying, waiter), List.of());
  }
}
