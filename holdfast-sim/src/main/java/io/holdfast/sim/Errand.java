package io.holdfast.sim;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.MultiLock;
import io.holdfast.Owner;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * What a user takes, one lock after the other, before he gives all back.
 *
 * @param name of the user, unique in the world
 * @param steps what he takes
 * @param holdNanos how long he holds it all
 * @param onEnd hears how it ended, unless the machine has crashed
 */
record Errand(String name, List<Step> steps, long holdNanos, Consumer<End> onEnd) {

  /** How an errand ends. */
  enum End {
    /** Everything was acquired. */
    DONE,
    /** A wait ended with a deadlock. */
    GAVE_WAY,
    /** A wait was too long. */
    LATE,
    /** A wait was interrupted. */
    INTERRUPTED,
    /** A request was cancelled. */
    CANCELLED,
    /** The engine refused or did not answer, or the client was closed. */
    FAILED
  }

  /**
   * One lock, or several at once.
   *
   * @param target what is taken
   * @param gate is passed as soon as it says so
   * @param pauseNanos before asking
   * @param limit how long to wait; empty for as long as it takes
   * @param cancels whether a user without a thread cancels after that time instead
   */
  record Step(
      Target target,
      BooleanSupplier gate,
      long pauseNanos,
      Optional<Duration> limit,
      boolean cancels) {}

  /** What can be taken. */
  interface Target {

    /** The names, in the order of acquisition. */
    List<String> names();

    /** How it is held. */
    Mode mode();

    /** Takes it for the calling thread. */
    Optional<Hold> acquire(Optional<Duration> wait) throws InterruptedException;

    /** Takes it for somebody without a thread; completes with a hold, or perhaps a hold. */
    CompletionStage<?> acquireAsync(Owner owner, Optional<Duration> wait);
  }

  /** One lock. */
  record Single(DistributedLock lock, Mode mode) implements Target {

    @Override
    public List<String> names() {
      return List.of(lock.name());
    }

    @Override
    public Optional<Hold> acquire(Optional<Duration> wait) throws InterruptedException {
      return wait.isPresent() ? lock.tryAcquire(wait.get()) : Optional.of(lock.acquire());
    }

    @Override
    public CompletionStage<?> acquireAsync(Owner owner, Optional<Duration> wait) {
      return wait.isPresent() ? lock.tryAcquireAsync(owner, wait.get()) : lock.acquireAsync(owner);
    }
  }

  /** Several locks at once; only for threads. */
  record Several(MultiLock locks) implements Target {

    @Override
    public List<String> names() {
      return locks.names();
    }

    @Override
    public Mode mode() {
      return Mode.EXCLUSIVE;
    }

    @Override
    public Optional<Hold> acquire(Optional<Duration> wait) throws InterruptedException {
      return wait.isPresent() ? locks.tryAcquire(wait.get()) : Optional.of(locks.acquire());
    }

    @Override
    public CompletionStage<?> acquireAsync(Owner owner, Optional<Duration> wait) {
      throw new IllegalStateException(owner + " has no thread to acquire " + names() + " with");
    }
  }
}
