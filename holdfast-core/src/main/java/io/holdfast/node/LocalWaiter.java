package io.holdfast.node;

import io.holdfast.engine.Environment;
import io.holdfast.rules.Mode;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One acquire in the local queue: a parked thread or a future. All fields but {@link #state} and
 * what it publishes are guarded by the lock that the waiter waits for.
 */
final class LocalWaiter {

  /** Where a waiter stands. The last three end the wait. */
  enum State {
    WAITING,
    /** Woken to try for itself, while running threads may still overtake it. */
    WOKEN,
    GRANTED,
    FAILED,
    GONE
  }

  final Object owner;
  final Mode mode;
  final boolean tryOnly;

  private final Environment.Parker parker;

  /** The parked thread; {@code null} for a future. */
  private final @Nullable Thread thread;

  /** Completed with the token by the node's callback executor; {@code null} for a thread. */
  private final @Nullable CompletableFuture<Long> future;

  private volatile State state = State.WAITING;
  private long token;
  private @Nullable RuntimeException failure;

  /** Whether the time of a future was over when it had been granted and not completed. */
  private volatile boolean overdue;

  /**
   * A waiter.
   *
   * @param blocking whether the calling thread will park, or somebody wants a future
   */
  LocalWaiter(
      Object owner, Mode mode, boolean tryOnly, boolean blocking, Environment.Parker parker) {
    this.owner = owner;
    this.mode = mode;
    this.tryOnly = tryOnly;
    this.parker = parker;
    this.thread = blocking ? Thread.currentThread() : null;
    this.future = blocking ? null : new CompletableFuture<>();
  }

  boolean isBlocking() {
    return thread != null;
  }

  /** What a waiter without a thread completes. */
  CompletableFuture<Long> future() {
    if (future == null) {
      throw new IllegalStateException("a parked thread has no future");
    }
    return future;
  }

  boolean wants(Mode.Type type) {
    return mode.type() == type;
  }

  State state() {
    return state;
  }

  long token() {
    return token;
  }

  RuntimeException failure() {
    return failure == null ? new IllegalStateException("waiter has not failed") : failure;
  }

  void wake() {
    state = State.WOKEN;
    unpark();
  }

  /** It was overtaken, or what it was granted has gone before it could start. */
  void waitAgain() {
    state = State.WAITING;
  }

  void timeIsOver() {
    overdue = true;
  }

  boolean isOverdue() {
    return overdue;
  }

  void grant(long newToken) {
    token = newToken;
    state = State.GRANTED;
    unpark();
  }

  void fail(RuntimeException why) {
    failure = why;
    state = State.FAILED;
    unpark();
  }

  /** Left the queue without a grant: timed out, interrupted, cancelled or rejected as busy. */
  void leave() {
    state = State.GONE;
    unpark();
  }

  /** Stays awake for the hand-off that comes at the end of the critical section under way. */
  void linger() {
    for (int spin = 0; state == State.WAITING && spin < LocalLock.SPINS; spin++) {
      Thread.onSpinWait();
    }
  }

  /** A thread that serves itself is awake; a permit would only spoil its next park. */
  private void unpark() {
    if (thread != null && thread != Thread.currentThread()) {
      parker.unpark(thread);
    }
  }
}
