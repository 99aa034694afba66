package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Reply;
import java.util.List;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 6: revoke, try, decline. */
interface RevokeRules {

  @Test
  default void r6_1_revokeReachesEveryConflictingHolder(Lab lab) {
    Ticket mutex = lab.node().mutex("a").granted();
    lab.node().mutex("a").queued();
    mutex.awaitRevoke(false);

    Ticket reader = lab.node().reader("rw").granted();
    Ticket reader2 = lab.node().reader("rw").granted();
    lab.node().writer("rw").queued();
    reader.awaitRevoke(false);
    reader2.awaitRevoke(false);

    Ticket permits = lab.node().permits("sem", 1, 1).granted();
    lab.node().permits("sem", 1, 1).queued();
    permits.awaitRevoke(false);
  }

  @Test
  default void r6_2_holderGrantedBeforeOthersIsRevokedToo(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket next = lab.node().mutex("a").queued();
    lab.node().mutex("a").queued();

    holder.release();

    next.awaitGranted();
    next.awaitRevoke(false);
  }

  @Test
  default void r6_3_tryOfAFreeLockIsGranted(Lab lab) {
    lab.node().mutex("a").trying().granted();
    lab.node().reader("rw").granted();
    lab.node().reader("rw").trying().granted();
    lab.node().permits("sem", 1, 2).granted();
    lab.node().permits("sem", 1, 2).trying().granted();
  }

  @Test
  default void r6_4_tryGetsTheLockThatARetainingHolderReleases(Lab lab) {
    Ticket retaining = lab.node().mutex("a").retainable().granted();
    Ticket trying = lab.node().mutex("a").trying().queued(0);
    retaining.awaitRevoke(true);
    lab.assertLock("a", List.of(retaining), List.of(trying));

    retaining.release();

    trying.awaitGranted();
    lab.assertLock("a", List.of(trying), List.of());
  }

  @Test
  default void r6_4_repeatedTryIsTheSameWaiter(Lab lab) {
    Ticket retaining = lab.node().mutex("a").retainable().granted();
    Ticket trying = lab.node().mutex("a").trying().queued(0);
    trying.queued(0);
    lab.assertLock("a", List.of(retaining), List.of(trying));
    trying.cancel();
    lab.assertLock("a", List.of(retaining), List.of());
  }

  @Test
  default void r6_5_declineRejectsTheTryAsBusy(Lab lab) {
    Ticket retaining = lab.node().mutex("a").retainable().granted();
    Ticket trying = lab.node().mutex("a").trying().queued();
    Ticket trying2 = lab.node().mutex("a").trying().queued();
    retaining.awaitRevoke(true);

    retaining.decline();

    trying.awaitRejected(Reply.Reason.BUSY);
    trying2.awaitRejected(Reply.Reason.BUSY);
    lab.assertLock("a", List.of(retaining), List.of());
    retaining.release();
    assertThat(trying.heardGranted()).isFalse();
    lab.assertAtRest("a");
  }

  @Test
  default void r6_5_declineTouchesNoOtherWaiter(Lab lab) {
    Ticket retaining = lab.node().mutex("a").retainable().granted();
    Ticket trying = lab.node().mutex("a").trying().queued();
    Ticket waiter = lab.node().mutex("a").queued();

    retaining.decline();

    trying.awaitRejected(Reply.Reason.BUSY);
    lab.assertLock("a", List.of(retaining), List.of(waiter));
    retaining.release();
    waiter.awaitGranted();
  }

  @Test
  default void r6_6_tryOfALockInUseIsBusyAtOnce(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    lab.node().mutex("a").trying().rejected(Reply.Reason.BUSY);
    lab.assertLock("a", List.of(holder), List.of());

    Ticket reader = lab.node().reader("rw").granted();
    lab.node().writer("rw").trying().rejected(Reply.Reason.BUSY);
    lab.assertLock("rw", List.of(reader), List.of());
  }

  @Test
  default void r6_7_tryBehindAWaiterIsBusyAtOnce(Lab lab) {
    Ticket retaining = lab.node().mutex("a").retainable().granted();
    Ticket waiter = lab.node().mutex("a").queued();

    lab.node().mutex("a").trying().rejected(Reply.Reason.BUSY);

    lab.assertLock("a", List.of(retaining), List.of(waiter));
  }

  @Test
  default void r6_8_waiterBesideATryRevokesForGood(Lab lab) {
    Ticket retaining = lab.node().mutex("a").retainable().granted();
    lab.node().mutex("a").trying().queued();
    retaining.awaitRevoke(true);
    lab.node().mutex("a").queued();
    retaining.awaitRevoke(false);
  }

  @Test
  default void r6_9_declineChangesNothingForTheHolder(Lab lab) {
    Ticket holder = lab.node().mutex("a").retainable().granted();
    long id = holder.id();
    holder.decline().decline();
    lab.assertLock("a", List.of(holder), List.of());
    assertThat(lab.record("a").grants().get(0).id()).isEqualTo(id);
    lab.node().mutex("never").decline();
    lab.assertAtRest("never");
  }
}
