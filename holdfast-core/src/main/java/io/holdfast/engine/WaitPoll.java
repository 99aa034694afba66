package io.holdfast.engine;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The pace at which a session looks at a lock that it waits for. Everything else that moves a
 * waiter (the wake-up at a hand-off, the wake-up of the holder) may be lost; this may not.
 *
 * <p>The first look comes after about one {@link RecordStore#pollInterval()}, the others after
 * about two. The farther behind a waiter is, the slower, down to once a second: it is the front of
 * the queue that may be granted next. So with the default interval, or a shorter one, every lost
 * hint is made good within a second; the jitter only ever shortens. Thousands of names that are
 * waited for at once stretch the pace, so that an engine never polls more than {@value
 * #POLLS_PER_SECOND} times a second.
 */
final class WaitPoll {

  private static final int POLLS_PER_SECOND = 5_000;

  /** Between two looks of those at the very end of the queue. */
  private static final long SLOWEST_LOOK_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long FIRST_NUDGE_NANOS = Duration.ofMillis(250).toNanos();
  private static final long SLOWEST_NUDGE_NANOS = Duration.ofSeconds(1).toNanos();

  private final StoreEngine engine;
  private final Runnable look;

  private boolean active;
  private boolean over;
  private boolean first;
  private long nudged;
  private long nudgeGap;
  private Environment.@Nullable Cancellable next;

  /**
   * An idle poll.
   *
   * @param look starts a look at the lock
   */
  WaitPoll(StoreEngine engine, Runnable look) {
    this.engine = engine;
    this.look = look;
  }

  /**
   * Polls as long as somebody waits. Called after every step of the lock.
   *
   * @param ahead how many waiters of others are ahead in the queue, as last seen
   */
  synchronized void follow(boolean waiting, int ahead) {
    if (!waiting || over || engine.stopped() != null) {
      rest();
      return;
    }
    if (!active) {
      active = true;
      first = true;
      nudged = engine.environment().ticker().nanoTime();
      nudgeGap = FIRST_NUDGE_NANOS;
      engine.pollers().incrementAndGet();
    }
    if (next == null) {
      next = engine.environment().scheduler().schedule(this::fire, delay(ahead));
      first = false;
    }
  }

  /** Never polls again. */
  synchronized void end() {
    over = true;
    rest();
  }

  /**
   * Whether it is time to remind the holders that somebody waits, because the wake-up that told
   * them may have been lost. Slower and slower, because most holders are simply busy.
   */
  synchronized boolean nudgeDue() {
    long now = engine.environment().ticker().nanoTime();
    if (now - nudged < nudgeGap) {
      return false;
    }
    nudged = now;
    nudgeGap = Math.min(2 * nudgeGap, SLOWEST_NUDGE_NANOS);
    return true;
  }

  private void fire() {
    synchronized (this) {
      next = null;
      if (!active) {
        return;
      }
    }
    look.run();
  }

  private void rest() {
    if (active) {
      active = false;
      engine.pollers().decrementAndGet();
    }
    if (next != null) {
      next.cancel();
      next = null;
    }
  }

  private Duration delay(int ahead) {
    long frontInterval = engine.store().pollInterval().toNanos() * (first ? 1 : 2);
    long stretched = frontInterval * (1 + ahead / QueuePlace.FRONT);
    long interval = Math.max(frontInterval, Math.min(stretched, SLOWEST_LOOK_NANOS));
    long floor = Duration.ofSeconds(1).toNanos() / POLLS_PER_SECOND * engine.pollers().get();
    double jitter = 0.6 + 0.3 * engine.environment().random().nextDouble();
    return Duration.ofNanos(Math.max((long) (interval * jitter), floor));
  }
}
