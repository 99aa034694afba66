package io.holdfast;

import io.holdfast.node.LocalLock;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A hold of one lock. It is a plain object on purpose: where it does not escape, the compiler can
 * do without it and its monitor, and taking a retained lock allocates nothing.
 *
 * <p>Nothing that may block is done under the monitor: before JDK 24 that would pin a virtual
 * thread, and with all carriers pinned nobody could run to let them go on.
 */
final class LockHold implements Hold {

  private final LocalLock lock;
  private final Mode mode;
  private final Object owner;
  private final long token;

  /** Whether somebody has begun to release. */
  private boolean claimed;

  /** What became of it; {@code null} until then. */
  private @Nullable Release released;

  LockHold(LocalLock lock, Mode mode, Object owner, long token) {
    this.lock = lock;
    this.mode = mode;
    this.owner = owner;
    this.token = token;
  }

  @Override
  public String name() {
    return lock.name();
  }

  @Override
  public long token() {
    return token;
  }

  @Override
  public List<Hold> parts() {
    return List.of(this);
  }

  @Override
  public boolean isHeld() {
    return !isReleased() && lock.isHeld(owner, mode, token);
  }

  @Override
  public Duration remaining() {
    return isHeld() ? Duration.ofNanos(Math.max(0, lock.provenNanos())) : Duration.ZERO;
  }

  @Override
  public void ensureHeld() {
    if (isReleased()) {
      throw new IllegalStateException(
          "the hold of " + name() + " (token " + token + ") was released: acquire it again");
    }
    if (!lock.isHeld(owner, mode, token)) {
      throw new HoldLostException(lock.lossOf(token));
    }
  }

  @Override
  public Hold onLost(Consumer<Loss> listener) {
    if (!isReleased()) {
      lock.onLost(owner, mode, token, loss -> tell(listener, loss));
    }
    return this;
  }

  /** An inner hold of a reentrant owner may have been released before the lock was lost. */
  private void tell(Consumer<Loss> listener, Loss loss) {
    if (!isReleased()) {
      listener.accept(loss);
    }
  }

  private synchronized boolean isReleased() {
    return claimed;
  }

  private synchronized boolean claim() {
    boolean first = !claimed;
    claimed = true;
    return first;
  }

  private synchronized @Nullable Release answer() {
    return released;
  }

  private synchronized Release answer(Release answer) {
    released = answer;
    return answer;
  }

  @Override
  public Release release() {
    if (!claim()) {
      return awaitAnswer();
    }
    boolean proven = lock.isHeld(owner, mode, token);
    boolean ended = lock.release(owner, mode, token);
    return answer(proven && ended ? Release.RELEASED : Release.ALREADY_LOST);
  }

  @Override
  public void close() {
    if (claim()) {
      boolean ended = lock.release(owner, mode, token);
      answer(ended ? Release.RELEASED : Release.ALREADY_LOST);
    } else {
      awaitAnswer();
    }
  }

  /** Another thread releases right now, or has done so. */
  @SuppressWarnings("ThreadPriorityCheck") // Correct without the yield: that only saves time.
  private Release awaitAnswer() {
    Release answer = answer();
    while (answer == null) {
      Thread.yield();
      answer = answer();
    }
    return answer;
  }

  LocalLock lock() {
    return lock;
  }

  Object owner() {
    return owner;
  }

  Mode mode() {
    return mode;
  }

  @Override
  public String toString() {
    return "hold of " + name() + ", " + mode + ", token " + token;
  }
}
