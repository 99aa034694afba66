package io.holdfast.node;

import io.holdfast.rules.Mode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * One acquire in the local queue: a parked thread or a future. All fields but {@link #state} and
 * what it publishes are guarded by the lock that the waiter waits for.
 */
final class LocalWaiter {

  /** Where a waiter stands. The last three are final. */
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

  /** The parked thread; {@code null} for a future. */
  private final @Nullable Thread thread;

  /** Completed with the token by the node's callback executor; {@code null} for a thread. */
  private final @Nullable CompletableFuture<Long> future;

  private volatile State state = State.WAITING;
  private long token;
  private @Nullable RuntimeException failure;

  private LocalWaiter(
      Object owner,
      Mode mode,
      boolean tryOnly,
      @Nullable Thread thread,
      @Nullable CompletableFuture<Long> future) {
    this.owner = owner;
    this.mode = mode;
    this.tryOnly = tryOnly;
    this.thread = thread;
    this.future = future;
  }

  static LocalWaiter blocking(Object owner, Mode mode, boolean tryOnly) {
    return new LocalWaiter(owner, mode, tryOnly, Thread.currentThread(), null);
  }

  static LocalWaiter async(Object owner, Mode mode, boolean tryOnly) {
    return new LocalWaiter(owner, mode, tryOnly, null, new CompletableFuture<>());
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

  void sleepAgain() {
    state = State.WAITING;
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
    if (thread != Thread.currentThread()) {
      LockSupport.unpark(thread);
    }
  }
}
