package io.holdfast;

import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * What a caller has in its hand after a grant. Release it once, best by try-with-resources. A hold
 * may be released by any thread. Thread-safe.
 *
 * <p>The lease gives liveness and best-effort exclusion; the {@link #token()} gives safety: pass it
 * to the resource, and let the resource refuse a token below the largest it has seen.
 */
public interface Hold extends AutoCloseable {

  /** What became of a release. */
  enum Release {
    /** The hold lasted until now, and has ended by choice. */
    RELEASED,
    /** The hold had been lost before: somebody else may have had the lock meanwhile. */
    ALREADY_LOST
  }

  /** The name of the lock. */
  String name();

  /**
   * The fencing token: larger than that of every earlier outermost exclusive acquisition of this
   * lock, anywhere. Reentrant acquisitions share it, and so do the readers of one read phase. The
   * permits of a semaphore have no fencing order.
   *
   * @throws UnsupportedOperationException if this hold is of several locks; ask its {@link
   *     #parts()}
   */
  long token();

  /** The holds of the single locks; of a hold of one lock, itself. */
  List<Hold> parts();

  /**
   * Whether the hold can be proven now. False once released or lost. Costs a reading of the clock,
   * no network.
   */
  boolean isHeld();

  /**
   * For how long the hold can be proven without a further renewal. Renewal is automatic, so this is
   * a measure of health; zero if not held.
   */
  Duration remaining();

  /**
   * Throws unless the hold can be proven now. Call it before each step that relies on the lock.
   *
   * @throws HoldLostException if it was lost: stop
   * @throws IllegalStateException if it was released
   */
  void ensureHeld();

  /**
   * Calls a listener when the hold is lost, before anybody else can have the lock as far as clocks
   * within 1 % can promise; at once if it is lost already; never after a release.
   *
   * @param listener called at most once, on the callback executor; may block
   * @return this hold
   */
  Hold onLost(Consumer<Loss> listener);

  /** Releases and says whether the hold had lasted. Idempotent: repeats its first answer. */
  Release release();

  /** Releases. Idempotent; never throws for a lost hold, so it never hides the body's exception. */
  @Override
  void close();
}
