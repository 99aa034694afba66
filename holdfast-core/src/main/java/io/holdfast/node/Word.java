package io.holdfast.node;

/**
 * The layout of the 64-bit word in which {@link OwnedWord} keeps the state that threads change
 * without a lock.
 *
 * <pre>
 *   63..57 flags | 56..31 sequence (26 bits) | 30..0 hold count of the exclusive owner
 * </pre>
 *
 * The sequence is the low 26 bits of the last fencing token drawn. It changes with every outermost
 * acquisition, so a compare-and-set on behalf of an old hold can never hit a newer one (ABA).
 */
final class Word {

  /** The node's exclusive grant is there. */
  static final long GRANTED = 1L << 63;

  /** Another node waits: no acquisition without looking at the time slice. */
  static final long REVOKED = 1L << 62;

  /** The local queue is not empty. */
  static final long WAITERS = 1L << 61;

  /** The first waiter has been woken and is about to try; a release need not wake it again. */
  static final long WOKEN = 1L << 60;

  /** The first waiter was overtaken once: the next release hands the lock to it. */
  static final long HANDOFF = 1L << 59;

  /** Local readers are inside. */
  static final long READERS = 1L << 58;

  /**
   * A release has more to do than to free the word: a loss listener or a timer to remove, or the
   * lock goes back to the engine at once.
   */
  static final long ATTENDED = 1L << 57;

  private static final long COUNT_MASK = Integer.MAX_VALUE;
  private static final int SEQUENCE_SHIFT = 31;
  private static final long SEQUENCE_MASK = (1L << 26) - 1;

  private static final long NO_FAST_ACQUIRE = COUNT_MASK | REVOKED | HANDOFF | READERS;

  private Word() {}

  /** Whether a running thread may take the lock with one compare-and-set. */
  static boolean isOpen(long word) {
    return (word & (NO_FAST_ACQUIRE | GRANTED)) == GRANTED;
  }

  /** Whether the last hold can be dropped with one compare-and-set. */
  static boolean releasesFast(long word) {
    return (word & (REVOKED | HANDOFF | READERS | ATTENDED)) == 0
        && (word & (WAITERS | WOKEN)) != WAITERS;
  }

  static int count(long word) {
    return (int) (word & COUNT_MASK);
  }

  static boolean has(long word, long flag) {
    return (word & flag) != 0;
  }

  static long sequence(long word) {
    return (word >>> SEQUENCE_SHIFT) & SEQUENCE_MASK;
  }

  static long withSequence(long word, long sequence) {
    return (word & ~(SEQUENCE_MASK << SEQUENCE_SHIFT))
        | ((sequence & SEQUENCE_MASK) << SEQUENCE_SHIFT);
  }

  /** The word after the next outermost acquisition: next sequence, one hold. */
  static long acquired(long word) {
    return withSequence(word, sequence(word) + 1) + 1;
  }

  /** The word after all holds have ended. */
  static long freed(long word) {
    return word & ~COUNT_MASK;
  }

  /** The word after the node's grant has gone. */
  static long closed(long word) {
    return word & ~(GRANTED | REVOKED | HANDOFF | WOKEN);
  }

  /** Whether the word is held by the acquisition that drew this token. */
  static boolean heldWith(long word, long token) {
    return count(word) > 0 && sequence(word) == (token & SEQUENCE_MASK);
  }
}
