package io.holdfast.rules;

import static io.holdfast.rules.LockKind.MUTEX;
import static io.holdfast.rules.LockKind.READ_WRITE;
import static io.holdfast.rules.Mode.EXCLUSIVE;
import static io.holdfast.rules.Mode.SHARED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.rules.Command.Acquire;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Reply.Reason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rules by example. */
class LockRulesTest extends LockRulesFixture {

  @Test
  void aFreeLockIsGrantedWithTheVersionOfTheWrite() {
    assertThat(apply(want(1, MUTEX, EXCLUSIVE))).isEqualTo(new Reply.Granted(1));
    assertThat(events).isEmpty();
    assertThat(holders()).containsExactly(1L);
  }

  @Test
  void aReleasedLockGoesToTheNextWaiter() {
    take(MUTEX, EXCLUSIVE, 1, 2, 3);
    assertThat(apply(new Command.Release(id(1)))).isEqualTo(new Reply.Done());
    assertThat(events).containsExactly(new Event.Granted(id(2), 4), new Event.Revoke(id(2), false));
    assertThat(waiters()).containsExactly(3L);
  }

  @Test
  void theLastReleaseLeavesNothing() {
    take(MUTEX, EXCLUSIVE, 1);
    apply(new Command.Release(id(1)));
    assertThat(record).isNull();
  }

  @Test
  void aThousandWaitersWakeTheHolderOnce() {
    take(MUTEX, EXCLUSIVE, 1);
    List<Event> heard = new ArrayList<>();
    for (int waiter = 2; waiter <= 1_001; waiter++) {
      apply(want(waiter, MUTEX, EXCLUSIVE));
      heard.addAll(events);
    }
    assertThat(heard).containsExactly(new Event.Revoke(id(1), false));
  }

  @Test
  void aRequestWithAModeThatItsKindLacksIsRefused() {
    assertThatThrownBy(() -> apply(want(1, MUTEX, SHARED)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("MUTEX")
        .hasMessageContaining("SHARED");
    assertThatThrownBy(() -> apply(want(1, SLOTS, Mode.permits(5))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void anOwnerLabelHasALimit() {
    String longest = "x".repeat(LockRules.MAX_OWNER_LENGTH);
    apply(new Acquire(id(1), MUTEX, EXCLUSIVE, longest, true, Patience.QUEUE));
    assertThatThrownBy(
            () -> apply(new Acquire(id(2), MUTEX, EXCLUSIVE, longest + "x", true, Patience.QUEUE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("257");
  }

  @Test
  void anotherKindIsRejectedUntilTheLockIsAtRest() {
    take(MUTEX, EXCLUSIVE, 1);
    assertThat(apply(want(2, READ_WRITE, SHARED)))
        .isEqualTo(new Reply.Rejected(Reason.KIND_MISMATCH, MUTEX));
    apply(new Command.Release(id(1)));
    assertThat(apply(want(2, READ_WRITE, SHARED))).isInstanceOf(Reply.Granted.class);
    assertThat(apply(want(3, SLOTS, Mode.permits(1))))
        .isEqualTo(new Reply.Rejected(Reason.KIND_MISMATCH, READ_WRITE));
  }

  @Test
  void aSemaphoreWithOtherPermitsIsAnotherKind() {
    take(SLOTS, Mode.permits(1), 1);
    assertThat(apply(want(2, LockKind.semaphore(5), Mode.permits(1))))
        .isEqualTo(new Reply.Rejected(Reason.KIND_MISMATCH, SLOTS));
  }

  @Test
  void readersShareAPhaseAndItsId() {
    take(READ_WRITE, SHARED, 1);
    assertThat(apply(want(2, READ_WRITE, SHARED))).isEqualTo(new Reply.Granted(1));
    assertThat(holders()).containsExactly(1L, 2L);
  }

  @Test
  void aReaderDoesNotPassAWaitingWriter() {
    take(READ_WRITE, SHARED, 1);
    take(READ_WRITE, EXCLUSIVE, 2);
    assertThat(apply(want(3, READ_WRITE, SHARED))).isEqualTo(new Reply.Queued(1));
    assertThat(events).as("no holder is in the reader's way").isEmpty();
  }

  @Test
  void whenAWriterLeavesAllReadersEnterAlsoThoseBehindWriters() {
    take(READ_WRITE, EXCLUSIVE, 1, 2);
    take(READ_WRITE, SHARED, 3);
    take(READ_WRITE, EXCLUSIVE, 4);
    take(READ_WRITE, SHARED, 5);
    apply(new Command.Release(id(1)));
    assertThat(holders()).containsExactly(3L, 5L);
    assertThat(waiters()).containsExactly(2L, 4L);
    assertThat(events)
        .containsExactly(
            new Event.Granted(id(3), version),
            new Event.Granted(id(5), version),
            new Event.Revoke(id(3), false),
            new Event.Revoke(id(5), false));
  }

  @Test
  void whenAReadPhaseEndsTheNextWriterEnters() {
    take(READ_WRITE, SHARED, 1, 2);
    take(READ_WRITE, EXCLUSIVE, 3);
    take(READ_WRITE, SHARED, 4);
    apply(new Command.Release(id(1)));
    assertThat(holders()).containsExactly(2L);
    apply(new Command.Release(id(2)));
    assertThat(holders()).containsExactly(3L);
    assertThat(waiters()).containsExactly(4L);
  }

  @Test
  void whenTheWriterBetweenThemGivesUpReadersJoinThePhase() {
    take(READ_WRITE, SHARED, 1);
    take(READ_WRITE, EXCLUSIVE, 2);
    take(READ_WRITE, SHARED, 3);
    take(READ_WRITE, EXCLUSIVE, 4);
    take(READ_WRITE, SHARED, 5);
    apply(new Command.Cancel(id(2)));
    assertThat(events).containsExactly(new Event.Granted(id(3), 1), new Event.Revoke(id(3), false));
    assertThat(waiters()).containsExactly(4L, 5L);
  }

  @Test
  void readersWhoseWriterExpiredTogetherWithThePhaseEnterIfNoWriterIsLeft() {
    RequestId reader = new RequestId(1, 1);
    apply(new Acquire(reader, READ_WRITE, SHARED, "r", true, Patience.QUEUE));
    apply(new Acquire(new RequestId(1, 2), READ_WRITE, EXCLUSIVE, "w", true, Patience.QUEUE));
    take(READ_WRITE, SHARED, 2, 3);
    apply(new Command.Expire(1));
    assertThat(holders()).containsExactly(2L, 3L);
  }

  @Test
  void permitsAreGrantedStrictlyInOrder() {
    take(SLOTS, Mode.permits(3), 1);
    take(SLOTS, Mode.permits(2), 2);
    assertThat(apply(want(3, SLOTS, Mode.permits(1))))
        .as("one permit is free, but an earlier request needs it")
        .isEqualTo(new Reply.Queued(1));
    apply(new Command.Release(id(1)));
    assertThat(holders()).containsExactly(2L, 3L);
  }

  @Test
  void theQueueHasALimit() {
    take(MUTEX, EXCLUSIVE, 1);
    List<Waiter> queue = new ArrayList<>();
    for (int i = 2; i <= LockRules.MAX_WAITERS; i++) {
      queue.add(new Waiter(id(i), EXCLUSIVE, "o", true, false, NOW));
    }
    assertThat(record).isNotNull();
    record = new LockRecord(MUTEX, record.grants(), queue);
    assertThat(apply(want(99_998, MUTEX, EXCLUSIVE)))
        .isEqualTo(new Reply.Queued(LockRules.MAX_WAITERS - 1));
    assertThat(apply(want(99_999, MUTEX, EXCLUSIVE)))
        .isEqualTo(new Reply.Rejected(Reason.QUEUE_FULL, MUTEX));
    assertThat(apply(want(2, MUTEX, EXCLUSIVE))).isEqualTo(new Reply.Queued(0));
  }

  /** Quadratic work in a single command would take minutes here. */
  @Test
  @Timeout(60)
  void aFullQueueOfReadersAndWritersIsServed() {
    take(READ_WRITE, EXCLUSIVE, 1);
    List<Waiter> queue = new ArrayList<>();
    for (int i = 2; i < 2 + LockRules.MAX_WAITERS; i++) {
      queue.add(new Waiter(id(i), i % 2 == 0 ? EXCLUSIVE : SHARED, "o", true, false, NOW));
    }
    assertThat(record).isNotNull();
    record = new LockRecord(READ_WRITE, record.grants(), queue);
    int commands = 0;
    while (record != null) {
      apply(new Command.Release(record.grants().get(0).request()));
      commands++;
    }
    assertThat(commands).isEqualTo(LockRules.MAX_WAITERS + 1);
  }

  @Test
  void aReleaseLeavesAWaiterAlone() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    apply(new Command.Release(id(2)));
    assertThat(waiters()).containsExactly(2L);
  }

  @Test
  void aCancelEndsAGrantThatCameTooLate() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    apply(new Command.Release(id(1)));
    apply(new Command.Cancel(id(2)));
    assertThat(record).isNull();
  }

  @Test
  void aStaleReleaseLeavesTheNewHolderAlone() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    apply(new Command.Release(id(1)));
    apply(new Command.Release(id(1)));
    assertThat(holders()).containsExactly(2L);
  }

  @Test
  void aDowngradeLetsTheWaitingReadersJoin() {
    take(READ_WRITE, EXCLUSIVE, 1, 2);
    take(READ_WRITE, SHARED, 3);
    assertThat(apply(new Command.Downgrade(id(1)))).isEqualTo(new Reply.Granted(4));
    assertThat(holders()).containsExactly(1L, 3L);
    assertThat(events)
        .containsExactly(
            new Event.Granted(id(3), 4),
            new Event.Revoke(id(1), false),
            new Event.Revoke(id(3), false));
    assertThat(apply(new Command.Downgrade(id(1)))).isEqualTo(new Reply.Granted(4));
  }

  @Test
  void anUpgradeNeedsASoleHolderAndNeverWaits() {
    take(READ_WRITE, SHARED, 1, 2);
    assertThat(apply(new Command.Upgrade(id(1))))
        .isEqualTo(new Reply.Rejected(Reason.NOT_SOLE_HOLDER, READ_WRITE));
    apply(new Command.Release(id(2)));
    assertThat(apply(new Command.Upgrade(id(1)))).isEqualTo(new Reply.Granted(4));
    assertThat(apply(new Command.Upgrade(id(1)))).isEqualTo(new Reply.Granted(4));
  }

  @Test
  void aMutexHasNoSharedMode() {
    take(MUTEX, EXCLUSIVE, 1);
    assertThat(apply(new Command.Downgrade(id(1))))
        .isEqualTo(new Reply.Rejected(Reason.KIND_MISMATCH, MUTEX));
  }

  @Test
  void aRefreshDrawsALargerIdEachTime() {
    take(MUTEX, EXCLUSIVE, 1);
    assertThat(apply(new Command.Refresh(id(1)))).isEqualTo(new Reply.Granted(2));
    assertThat(apply(new Command.Refresh(id(1)))).isEqualTo(new Reply.Granted(3));
    assertThat(apply(new Command.Refresh(id(7))))
        .isEqualTo(new Reply.Rejected(Reason.NOT_HELD, MUTEX));
  }

  @Test
  void readersAreNotRefreshed() {
    take(READ_WRITE, SHARED, 1);
    assertThat(apply(new Command.Refresh(id(1))))
        .isEqualTo(new Reply.Rejected(Reason.NOT_HELD, READ_WRITE));
  }

  @Test
  void whatIsNotHeldCannotBeTurned() {
    List<Command> commands =
        List.of(
            new Command.Downgrade(id(1)),
            new Command.Upgrade(id(1)),
            new Command.Refresh(id(1)),
            new Command.ForceRelease(id(1), 1));
    for (Command command : commands) {
      assertThat(apply(command)).isEqualTo(new Reply.Rejected(Reason.NOT_HELD, null));
    }
  }

  @Test
  void anExpiredSessionLosesEverythingAndIsTold() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    apply(new Acquire(new RequestId(1, 8), MUTEX, EXCLUSIVE, "o", true, Patience.QUEUE));
    apply(new Command.Expire(1));
    assertThat(events).containsExactly(new Event.Ended(id(1)), new Event.Granted(id(2), version));
    assertThat(waiters()).isEmpty();
  }

  @Test
  void forceEndsOnlyTheGrantThatWasSeen() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    assertThat(apply(new Command.ForceRelease(id(1), 77)))
        .isEqualTo(new Reply.Rejected(Reason.NOT_HELD, MUTEX));
    assertThat(apply(new Command.ForceRelease(id(1), 1))).isEqualTo(new Reply.Done());
    assertThat(events).startsWith(new Event.Ended(id(1)));
    assertThat(holders()).containsExactly(2L);
  }

  @Test
  void aRecordThatContradictsItselfStopsTheRules() {
    Grant one = new Grant(id(1), EXCLUSIVE, 1, "o", true, NOW);
    Grant two = new Grant(id(2), EXCLUSIVE, 2, "o", true, NOW);
    record = new LockRecord(MUTEX, List.of(one, two), List.of());
    assertThatThrownBy(() -> apply(want(3, MUTEX, EXCLUSIVE)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("two grants conflict");
  }

  @Test
  void aLockCanBeWaitedForLongerThanItIsHeld() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    long later = NOW + Duration.ofHours(1).toMillis();
    Transition made = LockRules.apply(record, new Command.Release(id(1)), later);
    assertThat(made.record()).isNotNull();
    assertThat(made.record().grants().get(0).since()).as("held since").isEqualTo(later);
  }
}
