package io.holdfast.rules;

import java.util.ArrayList;
import java.util.List;

/**
 * Settles a queue after a change: moves every waiter whose turn it is from the queue to the grants.
 *
 * <p>Read-write locks are phase-fair (Brandenburg and Anderson, ECRTS 2009): read phases and single
 * writers take turns as long as both are waited for. Whose turn it is follows from the state before
 * the change, so that no extra bit has to be stored:
 *
 * <ul>
 *   <li>a writer has just left (or has become a reader): all waiting readers, whatever their place;
 *       if there are none, the first writer
 *   <li>a read phase has just ended: the first writer; if there is none, all readers
 *   <li>a read phase goes on: the readers before the first writer. There are such readers only when
 *       the writer that they queued behind has given up
 * </ul>
 */
final class Settlement {

  private final LockKind kind;
  private final List<Grant> grants;
  private final List<Waiter> queue;
  private final long now;
  private final List<Grant> granted = new ArrayList<>();

  /**
   * Begins to settle.
   *
   * @param grants modifiable, gets the new grants
   * @param queue modifiable, loses the granted waiters
   * @param now when the new grants are made, for people
   */
  Settlement(LockKind kind, List<Grant> grants, List<Waiter> queue, long now) {
    this.kind = kind;
    this.grants = grants;
    this.queue = queue;
    this.now = now;
  }

  /**
   * Settles.
   *
   * @param writerLeft whether the change took away an exclusive grant
   * @return the new grants, in order
   */
  List<Grant> settle(boolean writerLeft) {
    if (queue.isEmpty()) {
      return granted;
    }
    if (kind.type() == LockKind.Type.READ_WRITE) {
      settleReadWrite(writerLeft);
    } else {
      settleInOrder();
    }
    return granted;
  }

  private void settleReadWrite(boolean writerLeft) {
    if (Compatibility.exclusive(grants)) {
      return;
    }
    int writer = first(Mode.Type.EXCLUSIVE);
    if (writerLeft && first(Mode.Type.SHARED) >= 0) {
      grantReaders(queue.size());
    } else if (!grants.isEmpty()) {
      grantReaders(writer < 0 ? queue.size() : writer);
    } else if (writer >= 0) {
      give(queue.remove(writer));
    } else {
      grantReaders(queue.size());
    }
  }

  /** Grants the readers among the first {@code end} waiters, in one pass. */
  private void grantReaders(int end) {
    List<Waiter> rest = new ArrayList<>(queue.size());
    for (int i = 0; i < queue.size(); i++) {
      Waiter waiter = queue.get(i);
      if (i < end && waiter.mode().type() == Mode.Type.SHARED) {
        give(waiter);
      } else {
        rest.add(waiter);
      }
    }
    queue.clear();
    queue.addAll(rest);
  }

  /** Strictly head first: a small request never overtakes a large one. */
  private void settleInOrder() {
    long used = Compatibility.used(grants);
    int served = 0;
    while (served < queue.size() && fits(queue.get(served).mode(), used)) {
      Waiter waiter = queue.get(served++);
      give(waiter);
      used += waiter.mode().permits();
    }
    queue.subList(0, served).clear();
  }

  private boolean fits(Mode mode, long used) {
    return kind.type() == LockKind.Type.SEMAPHORE
        ? used + mode.permits() <= kind.permits()
        : grants.isEmpty();
  }

  private void give(Waiter waiter) {
    granted.add(Compatibility.give(grants, waiter, now));
  }

  /** The place of the first waiter of a type, or -1. */
  private int first(Mode.Type type) {
    for (int i = 0; i < queue.size(); i++) {
      if (queue.get(i).mode().type() == type) {
        return i;
      }
    }
    return -1;
  }
}
