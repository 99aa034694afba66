package io.holdfast;

import io.holdfast.node.LocalLock;
import io.holdfast.rules.Mode;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.Lock;

/** A distributed lock as {@link Lock}: bound to the calling thread, without an object per hold. */
final class ClassicLock implements Lock {

  private final LocalLock lock;
  private final Mode mode;

  ClassicLock(LocalLock lock, Mode mode) {
    this.lock = lock;
    this.mode = mode;
  }

  @Override
  public void lock() {
    lock.acquireUninterruptibly(Thread.currentThread(), mode);
  }

  @Override
  public void lockInterruptibly() throws InterruptedException {
    lock.acquire(Thread.currentThread(), mode, LocalLock.FOREVER);
  }

  @Override
  public boolean tryLock() {
    return lock.tryAcquire(Thread.currentThread(), mode) != LocalLock.NOT_GRANTED;
  }

  @Override
  public boolean tryLock(long time, TimeUnit unit) throws InterruptedException {
    Objects.requireNonNull(unit, "unit");
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before waiting for lock " + lock.name());
    }
    if (time <= 0) {
      return tryLock();
    }
    long nanos = Math.min(unit.toNanos(time), Long.MAX_VALUE / 2);
    return lock.acquireUnlessUpgrade(Thread.currentThread(), mode, nanos) != LocalLock.NOT_GRANTED;
  }

  /**
   * {@inheritDoc}
   *
   * @throws HoldLostException if the calling thread had the lock and lost it
   * @throws IllegalMonitorStateException if the calling thread does not have the lock
   */
  @Override
  public void unlock() {
    Thread owner = Thread.currentThread();
    long token = lock.heldToken(owner, mode);
    if (token != LocalLock.NOT_GRANTED && lock.release(owner, mode, token)) {
      return;
    }
    Loss loss = lock.takeLoss(owner);
    if (loss != null) {
      throw new HoldLostException(loss);
    }
    throw new IllegalMonitorStateException(
        owner.getName() + " does not hold lock " + lock.name() + ": unlock what was locked, once");
  }

  @Override
  public Condition newCondition() {
    throw new UnsupportedOperationException(
        "a distributed lock has no conditions: wait for a state with your own messages or by polling"
            + " under the lock");
  }

  @Override
  public String toString() {
    return "lock " + lock.name() + " (" + mode + ")";
  }
}
