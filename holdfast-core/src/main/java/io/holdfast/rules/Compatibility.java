package io.holdfast.rules;

import java.util.List;

/** Who may hold a lock beside whom. */
final class Compatibility {

  private Compatibility() {}

  /**
   * Whether a lock could be given in a mode beside the present grants, waiters left aside.
   *
   * @param grants pairwise compatible
   */
  static boolean admits(LockKind kind, List<Grant> grants, Mode mode) {
    return switch (kind.type()) {
      case MUTEX -> grants.isEmpty();
      case READ_WRITE ->
          // All grants are of one mode, so the first one speaks for all.
          grants.isEmpty() || !grants.get(0).mode().isInTheWayOf(mode);
      case SEMAPHORE -> used(grants) + mode.permits() <= kind.permits();
    };
  }

  /** How many permits are given out; a long, because a broken record may exceed an int. */
  static long used(List<Grant> grants) {
    long sum = 0;
    for (Grant grant : grants) {
      sum += grant.mode().permits();
    }
    return sum;
  }

  /** Whether the lock is held exclusively. */
  static boolean exclusive(List<Grant> grants) {
    return !grants.isEmpty() && grants.get(0).mode().type() == Mode.Type.EXCLUSIVE;
  }

  /** Adds the grant of a waiter to the present ones, and returns it. */
  static Grant give(List<Grant> grants, Waiter waiter, long now) {
    Grant grant =
        new Grant(
            waiter.request(),
            waiter.mode(),
            nextId(grants, waiter.mode()),
            waiter.owner(),
            waiter.retainable(),
            now);
    grants.add(grant);
    return grant;
  }

  /**
   * The id of a grant that is about to be made: readers who join a read phase share its id, all
   * others get the version of the write to come.
   */
  static long nextId(List<Grant> grants, Mode mode) {
    return mode.type() == Mode.Type.SHARED && !grants.isEmpty()
        ? grants.get(0).id()
        : Grant.UNRESOLVED;
  }
}
