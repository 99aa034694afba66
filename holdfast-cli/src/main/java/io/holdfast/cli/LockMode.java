package io.holdfast.cli;

import io.holdfast.DistributedLock;
import io.holdfast.DistributedSemaphore;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How {@code run} takes its lock.
 *
 * @param type as what
 * @param all how many permits the semaphore has; 0 for the other types
 * @param wanted how many of them to take
 */
record LockMode(Type type, int all, int wanted) {

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

  /** For how long a try that an engine has not answered is repeated. */
  private static final Duration ENGINE_PATIENCE = Duration.ofSeconds(10);

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
    return patience.isZero() ? tryOnce(lock::tryAcquire) : lock.tryAcquire(patience);
  }

  private static Optional<Hold> take(
      DistributedSemaphore semaphore, int permits, @Nullable Duration patience)
      throws InterruptedException {
    if (patience == null) {
      return Optional.of(semaphore.acquire(permits));
    }
    return patience.isZero()
        ? tryOnce(() -> semaphore.tryAcquire(permits))
        : semaphore.tryAcquire(permits, patience);
  }

  /**
   * A try ends after a second without an answer, and holds nothing then. Somebody who starts a
   * command on a busy machine wants to know more than that.
   */
  private static Optional<Hold> tryOnce(Supplier<Optional<Hold>> attempt) {
    long begun = Clock.nanos();
    while (true) {
      try {
        return attempt.get();
      } catch (EngineUnavailableException unanswered) {
        boolean late = Clock.since(begun).compareTo(ENGINE_PATIENCE) > 0;
        if (late || Thread.currentThread().isInterrupted()) {
          throw unanswered;
        }
      }
    }
  }
}
