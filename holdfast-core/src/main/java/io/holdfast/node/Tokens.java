package io.holdfast.node;

/**
 * How fencing tokens are made: {@code token = (id << 12) | n}, where id is the space-wide version
 * of the grant and n counts the node's own acquisitions under it. So tokens grow across threads,
 * nodes, restarts and deletions, without a round trip per acquisition.
 */
public final class Tokens {

  private static final int COUNTER_BITS = 12;

  /** The largest n. */
  static final long LAST = (1L << COUNTER_BITS) - 1;

  /** At this n the node draws the next id, so that it is there before n runs out. */
  static final long HALFWAY = LAST >> 1;

  private Tokens() {}

  /** The smallest token under a grant: that of its readers, and the one before its first writer. */
  public static long first(long id) {
    return id << COUNTER_BITS;
  }

  /** How many acquisitions a token or sequence counts under its grant. */
  static long counter(long tokenOrSequence) {
    return tokenOrSequence & LAST;
  }

  /** Whether the next token is one at which the node has to look after the next id. */
  static boolean isLastOfHalf(long sequence) {
    return (sequence & HALFWAY) == HALFWAY;
  }

  /** The token with this sequence. */
  static long token(long id, long sequence) {
    return first(id) | counter(sequence);
  }
}
