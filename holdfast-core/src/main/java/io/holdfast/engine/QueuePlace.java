package io.holdfast.engine;

import io.holdfast.rules.Grant;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Waiter;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Where a session stands in the queue of a lock, and whose life is its business there.
 *
 * <p>If every waiter looked after everybody, the work would grow with the square of their number.
 * So each looks after its two neighbours, and the first {@value #FRONT} after the holders too. That
 * is enough: at either end of any row of dead waiters stands a living one, the row reaches the
 * front of the queue, or nobody alive waits. In the second case the living one behind the row finds
 * it, and whoever finds one of the dead looks at all sessions of the lock.
 */
final class QueuePlace {

  /**
   * How many waiters look after the holders, and look often. One would do, but might be paused
   * itself while readers behind it could go on.
   */
  static final int FRONT = 8;

  private QueuePlace() {}

  /** How many waiters are ahead of the session's first one; the whole queue, if it has none. */
  static int ahead(LockRecord record, long session) {
    List<Waiter> queue = record.queue();
    int place = 0;
    while (place < queue.size() && sessionAt(queue, place) != session) {
      place++;
    }
    return place;
  }

  /** The sessions that a waiting session looks after. */
  static Set<Long> watched(LockRecord record, long session) {
    Set<Long> watched = new HashSet<>();
    List<Waiter> queue = record.queue();
    for (int place = ahead(record, session); place < queue.size(); place++) {
      if (sessionAt(queue, place) == session) {
        addNeighbours(queue, place, watched);
        if (place < FRONT) {
          addHolders(record, watched);
        }
      }
    }
    return watched;
  }

  private static void addNeighbours(List<Waiter> queue, int place, Set<Long> watched) {
    if (place > 0) {
      watched.add(sessionAt(queue, place - 1));
    }
    if (place + 1 < queue.size()) {
      watched.add(sessionAt(queue, place + 1));
    }
  }

  private static void addHolders(LockRecord record, Set<Long> watched) {
    for (Grant grant : record.grants()) {
      watched.add(grant.request().session());
    }
  }

  private static long sessionAt(List<Waiter> queue, int place) {
    return queue.get(place).request().session();
  }
}
