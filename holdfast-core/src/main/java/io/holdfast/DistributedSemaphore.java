package io.holdfast;

import io.holdfast.engine.Environment;
import io.holdfast.node.LocalLock;
import io.holdfast.node.PermitOwner;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongFunction;

/**
 * A fixed number of permits, shared among all nodes. Permits are owned: only the hold that an
 * acquire returned gives its permits back, once, and those of a dead node come back by themselves.
 * Granted strictly in order of arrival, so that a large request is not starved by small ones. Not
 * reentrant: every acquire takes new permits. Thread-safe.
 */
public final class DistributedSemaphore {

  private final LocalLock lock;
  private final Holdfast holdfast;

  DistributedSemaphore(LocalLock lock, Holdfast holdfast) {
    this.lock = lock;
    this.holdfast = holdfast;
  }

  /** The name of the semaphore. */
  public String name() {
    return lock.name();
  }

  /** How many permits there are in all. */
  public int permits() {
    return lock.kind().permits();
  }

  /**
   * How many permits nobody has at this moment, anywhere.
   *
   * @throws EngineUnavailableException if the engine does not answer in time
   */
  public int availablePermits() {
    int taken =
        holdfast.inspector().explain(name()).stream()
            .flatMap(report -> report.holders().stream())
            .mapToInt(holder -> holder.mode().permits())
            .sum();
    return permits() - taken;
  }

  /**
   * Acquires one permit, and waits as long as it takes.
   *
   * @throws InterruptedException if interrupted; nothing is held because of the call
   */
  public Hold acquire() throws InterruptedException {
    return acquire(1);
  }

  /**
   * Acquires permits, all or none, and waits as long as it takes.
   *
   * @param permits from 1 to {@link #permits()}
   * @throws InterruptedException if interrupted; nothing is held because of the call
   * @throws IllegalArgumentException if there are not that many permits
   */
  public Hold acquire(int permits) throws InterruptedException {
    Mode mode = mode(permits);
    PermitOwner owner = new PermitOwner(Thread.currentThread());
    return new LockHold(lock, mode, owner, lock.acquire(owner, mode, LocalLock.FOREVER));
  }

  /**
   * Acquires one permit if it is free and nobody waits.
   *
   * @return empty if not
   * @throws EngineUnavailableException if the engine does not answer
   */
  public Optional<Hold> tryAcquire() {
    return tryAcquire(1);
  }

  /**
   * Acquires permits if they are free and nobody waits.
   *
   * @param permits from 1 to {@link #permits()}
   * @return empty if not
   */
  public Optional<Hold> tryAcquire(int permits) {
    Mode mode = mode(permits);
    PermitOwner owner = new PermitOwner(Thread.currentThread());
    return held(owner, mode, lock.tryAcquire(owner, mode));
  }

  /**
   * Acquires one permit within a time.
   *
   * @param wait more than zero
   * @return empty if not granted in time
   * @throws InterruptedException if interrupted; nothing is held because of the call
   */
  public Optional<Hold> tryAcquire(Duration wait) throws InterruptedException {
    return tryAcquire(1, wait);
  }

  /**
   * Acquires permits within a time, all or none.
   *
   * @param permits from 1 to {@link #permits()}
   * @param wait more than zero
   * @return empty if not granted in time
   * @throws InterruptedException if interrupted; nothing is held because of the call
   */
  public Optional<Hold> tryAcquire(int permits, Duration wait) throws InterruptedException {
    Mode mode = mode(permits);
    PermitOwner owner = new PermitOwner(Thread.currentThread());
    long nanos = Environment.saturatedNanos(Durations.requirePositive("the time to wait", wait));
    return held(owner, mode, lock.acquire(owner, mode, nanos));
  }

  /**
   * Acquires permits without a thread.
   *
   * @param owner whose they are, for people
   * @param permits from 1 to {@link #permits()}
   * @return completes on the callback executor; cancelling it withdraws the request
   */
  public CompletionStage<Hold> acquireAsync(Owner owner, int permits) {
    Mode mode = mode(permits);
    PermitOwner each = new PermitOwner(owner);
    return relay(
        lock.acquireAsync(each, mode, LocalLock.FOREVER),
        each,
        mode,
        token -> new LockHold(lock, mode, each, token));
  }

  /**
   * Acquires permits without a thread, within a time.
   *
   * @param owner whose they are, for people
   * @param permits from 1 to {@link #permits()}
   * @param wait more than zero
   * @return empty if not granted in time; cancelling it withdraws the request
   */
  public CompletionStage<Optional<Hold>> tryAcquireAsync(Owner owner, int permits, Duration wait) {
    Mode mode = mode(permits);
    PermitOwner each = new PermitOwner(owner);
    long nanos = Environment.saturatedNanos(Durations.requirePositive("the time to wait", wait));
    return relay(
        lock.acquireAsync(each, mode, nanos), each, mode, token -> held(each, mode, token));
  }

  private <T> CompletableFuture<T> relay(
      CompletableFuture<Long> tokens, PermitOwner owner, Mode mode, LongFunction<T> result) {
    return Relay.of(tokens, result, token -> lock.release(owner, mode, token));
  }

  private Optional<Hold> held(PermitOwner owner, Mode mode, long token) {
    return token == LocalLock.NOT_GRANTED
        ? Optional.empty()
        : Optional.of(new LockHold(lock, mode, owner, token));
  }

  private Mode mode(int permits) {
    if (permits < 1 || permits > permits()) {
      throw new IllegalArgumentException(
          "semaphore "
              + name()
              + " has "
              + permits()
              + " permits: acquire from 1 to that many, not "
              + permits);
    }
    return Mode.permits(permits);
  }

  static LockKind kind(int permits) {
    if (permits < 1) {
      throw new IllegalArgumentException(
          "a semaphore has 1 permit or more, not " + permits + "; give a positive number");
    }
    return LockKind.semaphore(permits);
  }
}
