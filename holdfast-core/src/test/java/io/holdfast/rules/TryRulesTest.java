package io.holdfast.rules;

import static io.holdfast.rules.LockKind.MUTEX;
import static io.holdfast.rules.LockKind.READ_WRITE;
import static io.holdfast.rules.Mode.EXCLUSIVE;
import static io.holdfast.rules.Mode.SHARED;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command.Acquire;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Reply.Reason;
import org.junit.jupiter.api.Test;

/** The rules for those who only try, by example. */
class TryRulesTest extends LockRulesFixture {

  @Test
  void aTryWaitsWhereTheLockMayBeRetained() {
    take(MUTEX, EXCLUSIVE, 1);
    assertThat(apply(tryFor(2, MUTEX, EXCLUSIVE))).isEqualTo(new Reply.Queued(0));
    assertThat(events).containsExactly(new Event.Revoke(id(1), true));
    assertThat(apply(tryFor(3, MUTEX, EXCLUSIVE))).isEqualTo(new Reply.Queued(1));
    assertThat(events).as("the holder owes an answer already").isEmpty();

    apply(new Command.Decline(id(1)));
    assertThat(events)
        .containsExactly(
            new Event.Rejected(id(2), Reason.BUSY), new Event.Rejected(id(3), Reason.BUSY));
    assertThat(holders()).containsExactly(1L);
    assertThat(waiters()).isEmpty();
  }

  @Test
  void aTryIsBusyWhereTheLockCannotBeRetained() {
    apply(new Acquire(id(1), MUTEX, EXCLUSIVE, "o", false, Patience.QUEUE));
    assertThat(apply(tryFor(2, MUTEX, EXCLUSIVE)))
        .isEqualTo(new Reply.Rejected(Reason.BUSY, MUTEX));
  }

  @Test
  void aTryIsBusyWhereOthersWait() {
    take(MUTEX, EXCLUSIVE, 1, 2);
    assertThat(apply(tryFor(3, MUTEX, EXCLUSIVE)))
        .isEqualTo(new Reply.Rejected(Reason.BUSY, MUTEX));
  }

  @Test
  void aPatientWaiterBehindATryAsksTheHolderAgain() {
    take(MUTEX, EXCLUSIVE, 1);
    apply(tryFor(2, MUTEX, EXCLUSIVE));
    apply(want(3, MUTEX, EXCLUSIVE));
    assertThat(events).containsExactly(new Event.Revoke(id(1), false));
    apply(new Command.Decline(id(1)));
    assertThat(waiters()).containsExactly(3L);
  }

  @Test
  void aDeclineRejectsOnlyThoseWhomTheHolderKeepsOut() {
    take(READ_WRITE, SHARED, 1);
    apply(tryFor(2, READ_WRITE, EXCLUSIVE));
    assertThat(apply(tryFor(3, READ_WRITE, SHARED))).isEqualTo(new Reply.Queued(1));
    apply(new Command.Decline(id(1)));
    assertThat(events)
        .containsExactly(new Event.Rejected(id(2), Reason.BUSY), new Event.Granted(id(3), 1));
  }

  @Test
  void aDeclineOfSomebodyWhoHoldsNothingIsIgnored() {
    take(MUTEX, EXCLUSIVE, 1);
    apply(tryFor(2, MUTEX, EXCLUSIVE));
    apply(new Command.Decline(id(2)));
    apply(new Command.Decline(id(9)));
    assertThat(waiters()).containsExactly(2L);
  }
}
