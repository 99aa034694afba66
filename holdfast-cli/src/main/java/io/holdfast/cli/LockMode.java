package io.holdfast.cli;

import io.holdfast.DistributedLock;
import io.holdfast.DistributedSemaphore;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How {@code run} takes its lock.
 *
 * @param type as what
 * @param all how many permits the semaphore has; 0 for the other types
 * @param wanted how many of them to take
 */
record LockMode(Type type, int all, int wanted) {

  /** For how long an attempt that an engine has not answered in time is repeated. */
  private static final Duration ENGINE_PATIENCE = Duration.ofSeconds(10);

  /** As what. */
  enum Type {
    /** A plain lock. */
    PLAIN,
    /** The shared side of a read-write lock. */
    READ,
    /** The exclusive side of a read-write lock. */
    WRITE,
    /** Permits of a semaphore. */
    SEMAPHORE
  }

  /** Whether the token orders the holders. */
  boolean isOrdered() {
    return type != Type.SEMAPHORE;
  }

  /** Something that holds nothing if it is not answered. */
  @FunctionalInterface
  private interface Attempt {
    Optional<Hold> make() throws InterruptedException;
  }

  /**
   * Takes the lock for the calling thread.
   *
   * @param patience for how long; zero to try once, null for ever
   * @return empty if not granted in time
   */
  Optional<Hold> take(Holdfast locks, String name, @Nullable Duration patience)
      throws InterruptedException {
    return switch (type) {
      case PLAIN -> take(locks.lock(name), patience);
      case READ -> take(locks.readWriteLock(name).readLock(), patience);
      case WRITE -> take(locks.readWriteLock(name).writeLock(), patience);
      case SEMAPHORE -> take(locks.semaphore(name, all), wanted, patience);
    };
  }

  private static Optional<Hold> take(DistributedLock lock, @Nullable Duration patience)
      throws InterruptedException {
    if (patience == null) {
      return Optional.of(lock.acquire());
    }
    return answered(patience.isZero() ? lock::tryAcquire : () -> lock.tryAcquire(patience));
  }

  private static Optional<Hold> take(
      DistributedSemaphore semaphore, int permits, @Nullable Duration patience)
      throws InterruptedException {
    if (patience == null) {
      return Optional.of(semaphore.acquire(permits));
    }
    return answered(
        patience.isZero()
            ? () -> semaphore.tryAcquire(permits)
            : () -> semaphore.tryAcquire(permits, patience));
  }

  /**
   * Repeats what the engine has not answered within the time that it was given. That time is for
   * the lock: somebody who starts a command on a busy machine wants to know who has it.
   */
  private static Optional<Hold> answered(Attempt attempt) throws InterruptedException {
    long begun = Clock.nanos();
    while (true) {
      try {
        return attempt.make();
      } catch (EngineUnavailableException unanswered) {
        boolean late = Clock.since(begun).compareTo(ENGINE_PATIENCE) > 0;
        if (late || Thread.currentThread().isInterrupted()) {
          throw unanswered;
        }
      }
    }
  }
}
