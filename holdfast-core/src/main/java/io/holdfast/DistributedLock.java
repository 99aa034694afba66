package io.holdfast;

import io.holdfast.engine.Environment;
import io.holdfast.node.LocalLock;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.Lock;
import java.util.function.LongFunction;

/**
 * A lock that one owner at a time can hold, among all threads of all nodes; or one side of a {@link
 * DistributedReadWriteLock}. Reentrant per owner: the owner is the calling thread, or the {@link
 * Owner} that is named. Thread-safe; meant to be kept and shared.
 *
 * <p>Waiting calls throw {@link EngineUnavailableException} when the time is over and the engine
 * had not even answered, {@link DeadlockException} when the wait was part of a deadlock and had to
 * give way, and {@link LockRefusedException} when waiting would be in vain.
 */
public final class DistributedLock {

  private final LocalLock lock;
  private final Mode mode;
  private final Holdfast holdfast;

  DistributedLock(LocalLock lock, Mode mode, Holdfast holdfast) {
    this.lock = lock;
    this.mode = mode;
    this.holdfast = holdfast;
  }

  /** The name of the lock. */
  public String name() {
    return lock.name();
  }

  /**
   * Acquires for the calling thread, and waits as long as it takes, through outages of the engine
   * too.
   *
   * @throws InterruptedException if interrupted; nothing is held because of the call
   * @throws LockRefusedException if the lock cannot be had, as the message says
   */
  public Hold acquire() throws InterruptedException {
    Thread owner = Thread.currentThread();
    return new LockHold(lock, mode, owner, lock.acquire(owner, mode, LocalLock.FOREVER));
  }

  /**
   * Acquires for the calling thread within a time, or says who was in the way.
   *
   * @param wait more than zero
   * @throws LockTimeoutException if not granted in time; it carries who holds the lock
   * @throws InterruptedException if interrupted; nothing is held because of the call
   */
  public Hold acquire(Duration wait) throws InterruptedException {
    Optional<Hold> hold = tryAcquire(wait);
    if (hold.isEmpty()) {
      throw holdfast.timedOut(lock.name(), wait);
    }
    return hold.get();
  }

  /**
   * Acquires for the calling thread if nobody uses the lock. Does not wait for other owners, but
   * for the engine's answer, and for that of a node which merely retains the idle lock.
   *
   * @return empty if somebody uses it
   * @throws EngineUnavailableException if the engine does not answer
   */
  public Optional<Hold> tryAcquire() {
    Thread owner = Thread.currentThread();
    return held(owner, lock.tryAcquire(owner, mode));
  }

  /**
   * Acquires for the calling thread within a time.
   *
   * @param wait more than zero
   * @return empty if not granted in time
   * @throws InterruptedException if interrupted; nothing is held because of the call
   * @throws IllegalArgumentException if the time is zero or negative
   */
  public Optional<Hold> tryAcquire(Duration wait) throws InterruptedException {
    Thread owner = Thread.currentThread();
    long nanos = Environment.saturatedNanos(Durations.requirePositive("the time to wait", wait));
    return held(owner, lock.acquire(owner, mode, nanos));
  }

  /**
   * Acquires for an owner that is not a thread. What is refused at once is thrown, like bad input.
   *
   * @return completes on the callback executor; cancelling it withdraws the request
   */
  public CompletionStage<Hold> acquireAsync(Owner owner) {
    return relay(
        lock.acquireAsync(owner, mode, LocalLock.FOREVER),
        owner,
        token -> new LockHold(lock, mode, owner, token));
  }

  /**
   * Acquires for an owner that is not a thread, if nobody uses the lock.
   *
   * @return empty if somebody uses it
   */
  public CompletionStage<Optional<Hold>> tryAcquireAsync(Owner owner) {
    return relay(lock.tryAcquireAsync(owner, mode), owner, token -> held(owner, token));
  }

  /**
   * Acquires for an owner that is not a thread, within a time.
   *
   * @param wait more than zero
   * @return empty if not granted in time; cancelling it withdraws the request
   */
  public CompletionStage<Optional<Hold>> tryAcquireAsync(Owner owner, Duration wait) {
    long nanos = Environment.saturatedNanos(Durations.requirePositive("the time to wait", wait));
    return relay(lock.acquireAsync(owner, mode, nanos), owner, token -> held(owner, token));
  }

  /** Whether the calling thread holds the lock in this mode. */
  public boolean isHeldByCurrentThread() {
    Thread owner = Thread.currentThread();
    long token = lock.heldToken(owner, mode);
    return token != LocalLock.NOT_GRANTED && lock.isHeld(owner, mode, token);
  }

  /**
   * Who holds this lock, for what that one waits, who holds that, and so on.
   *
   * @throws EngineUnavailableException if the engine does not answer within the operation timeout
   */
  public WaitChain waitChain() {
    return holdfast.inspector().waitChain(lock.name());
  }

  /** The same lock as {@link java.util.concurrent.locks.Lock}, bound to the calling thread. */
  public Lock asLock() {
    return new ClassicLock(lock, mode);
  }

  private Optional<Hold> held(Object owner, long token) {
    return token == LocalLock.NOT_GRANTED
        ? Optional.empty()
        : Optional.of(new LockHold(lock, mode, owner, token));
  }

  private <T> CompletableFuture<T> relay(
      CompletableFuture<Long> tokens, Owner owner, LongFunction<T> result) {
    return Relay.of(tokens, result, token -> lock.release(owner, mode, token));
  }
}
