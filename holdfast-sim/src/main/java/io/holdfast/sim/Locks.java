package io.holdfast.sim;

import io.holdfast.DistributedLock;
import io.holdfast.DistributedReadWriteLock;
import io.holdfast.DistributedSemaphore;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.MultiLock;
import java.time.Duration;
import java.util.List;

/**
 * The locks of a world, as one process sees them: each kind of lock with each option. Held strongly
 * for the life of the process, so that no garbage collector takes part in the simulation.
 */
final class Locks {

  static final Duration MAX_HOLD = Duration.ofMillis(300);

  private final List<DistributedLock> mutexes;
  private final List<DistributedReadWriteLock> readWriteLocks;
  private final DistributedSemaphore semaphore;
  private final MultiLock both;

  Locks(Holdfast holdfast) {
    LockOptions options = LockOptions.DEFAULT;
    mutexes =
        List.of(
            holdfast.lock("hot"),
            holdfast.lock("warm"),
            holdfast.lock("off", options.retention(LockOptions.Retention.OFF)),
            holdfast.lock("strict", options.fairness(LockOptions.Fairness.STRICT)),
            holdfast.lock("limited", options.maxHold(MAX_HOLD)));
    readWriteLocks =
        List.of(
            holdfast.readWriteLock("catalog"),
            holdfast.readWriteLock(
                "strict catalog", options.fairness(LockOptions.Fairness.STRICT)));
    semaphore = holdfast.semaphore("slots", 3);
    both = holdfast.lockAll("hot", "warm");
  }

  DistributedLock mutex(int index) {
    return mutexes.get(index % mutexes.size());
  }

  DistributedReadWriteLock readWriteLock(int index) {
    return readWriteLocks.get(index % readWriteLocks.size());
  }

  DistributedSemaphore semaphore() {
    return semaphore;
  }

  /** The first two mutexes. */
  MultiLock both() {
    return both;
  }
}
