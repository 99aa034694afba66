package io.holdfast.rules;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is true of every settled record. Checked after every change, in production too. */
final class Invariants {

  private Invariants() {}

  /**
   * Checks a settled record.
   *
   * @throws IllegalStateException if it contradicts itself
   */
  static void check(LockRecord record) {
    require(record.queue().size() <= LockRules.MAX_WAITERS, "the queue is too long", record);
    checkRequests(record);
    checkGrants(record);
    if (!record.queue().isEmpty()) {
      Mode head = record.queue().get(0).mode();
      require(
          !Compatibility.admits(record.kind(), record.grants(), head),
          "the first waiter could have been granted",
          record);
    }
  }

  private static void checkRequests(LockRecord record) {
    int count = record.grants().size() + record.queue().size();
    Set<RequestId> seen = new HashSet<>(count * 2);
    for (Grant grant : record.grants()) {
      require(seen.add(grant.request()), "a request occurs twice", record);
      require(record.kind().allows(grant.mode()), "a mode does not fit the kind", record);
    }
    for (Waiter waiter : record.queue()) {
      require(seen.add(waiter.request()), "a request occurs twice", record);
      require(record.kind().allows(waiter.mode()), "a mode does not fit the kind", record);
    }
  }

  private static void checkGrants(LockRecord record) {
    List<Grant> grants = record.grants();
    if (record.kind().type() == LockKind.Type.SEMAPHORE) {
      require(
          Compatibility.used(grants) <= record.kind().permits(),
          "more permits are given out than there are",
          record);
      return;
    }
    for (Grant grant : grants.subList(Math.min(1, grants.size()), grants.size())) {
      Grant first = grants.get(0);
      require(!first.mode().isInTheWayOf(grant.mode()), "two grants conflict", record);
      require(first.id() == grant.id(), "readers of one phase have different ids", record);
    }
  }

  private static void require(boolean condition, String broken, LockRecord record) {
    if (!condition) {
      throw new IllegalStateException(
          "invariant broken: "
              + broken
              + " in a "
              + record.kind()
              + " with "
              + record.grants().size()
              + " grants and "
              + record.queue().size()
              + " waiters; stop using this lock's state and report it with the record");
    }
  }
}
