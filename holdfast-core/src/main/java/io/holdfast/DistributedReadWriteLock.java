package io.holdfast;

import io.holdfast.node.LocalLock;
import io.holdfast.rules.Mode;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;

/**
 * A lock that one writer or many readers can hold, phase-fair: readers that arrive while a writer
 * waits come after it, and when a writer leaves, all readers then waiting enter together.
 *
 * <p>A writer may acquire the read lock and then release the write lock (downgrade). A reader that
 * acquires the write lock would wait for itself and is refused at once; {@link #tryUpgrade} never
 * waits. Thread-safe.
 */
public final class DistributedReadWriteLock {

  private final LocalLock lock;
  private final Holdfast holdfast;
  private final DistributedLock readLock;
  private final DistributedLock writeLock;

  DistributedReadWriteLock(LocalLock lock, Holdfast holdfast) {
    this.lock = lock;
    this.holdfast = holdfast;
    this.readLock = new DistributedLock(lock, Mode.SHARED, holdfast);
    this.writeLock = new DistributedLock(lock, Mode.EXCLUSIVE, holdfast);
  }

  /** The name of the lock. */
  public String name() {
    return lock.name();
  }

  /** The side that many can hold together. */
  public DistributedLock readLock() {
    return readLock;
  }

  /** The side that one can hold beside nobody. */
  public DistributedLock writeLock() {
    return writeLock;
  }

  /**
   * Turns a read hold into a write hold, if it is the only hold of this lock anywhere. Does not
   * wait for other holders, only for the engine's answer; a node that has just read and still
   * retains the lock counts as a holder until it gives it back. The read hold stays valid beneath
   * the write hold and is released for itself.
   *
   * @param read a hold of this {@link #readLock()}
   * @return the write hold; empty if there are other holders
   * @throws IllegalArgumentException if the hold is not one of this read lock
   * @throws HoldLostException if the read hold was lost
   * @throws EngineUnavailableException if the engine does not answer
   */
  public Optional<Hold> tryUpgrade(Hold read) {
    if (!(read instanceof LockHold hold) || hold.lock() != lock || !hold.mode().isShared()) {
      throw new IllegalArgumentException(
          "tryUpgrade takes a hold of the read lock of " + name() + ", not " + read);
    }
    hold.ensureHeld();
    CompletableFuture<Long> answer = new CompletableFuture<>();
    lock.tryUpgrade(hold.owner(), answer);
    long token;
    try {
      token = Inspector.await(holdfast.environment(), answer, holdfast.operationTimeout());
    } catch (EngineUnavailableException late) {
      if (answer.cancel(false)) {
        throw late;
      }
      token = answer.join();
    }
    if (token == LocalLock.NOT_GRANTED) {
      return Optional.empty();
    }
    if (!lock.isHeld(hold.owner(), Mode.EXCLUSIVE, token)) {
      // Time has passed since the answer; what was lost meanwhile must not start.
      lock.release(hold.owner(), Mode.EXCLUSIVE, token);
      hold.ensureHeld();
      return Optional.empty();
    }
    return Optional.of(new LockHold(lock, Mode.EXCLUSIVE, hold.owner(), token));
  }

  /** The same lock as {@link ReadWriteLock}, bound to the calling thread. */
  public ReadWriteLock asReadWriteLock() {
    return new Classic(readLock.asLock(), writeLock.asLock());
  }

  private record Classic(Lock readLock, Lock writeLock) implements ReadWriteLock {}
}
