package io.holdfast.rules;

import org.jspecify.annotations.Nullable;

/** The answer to a {@link Command}. */
public sealed interface Reply {

  /** Why a command was rejected. */
  enum Reason {
    /** Held or waited for by others, and the request did not want to queue. */
    BUSY,
    /** The name is in use as a lock of another kind, or with another number of permits. */
    KIND_MISMATCH,
    /** The queue has reached {@link LockRules#MAX_WAITERS}. */
    QUEUE_FULL,
    /** The grant is not, or no longer, there. */
    NOT_HELD,
    /** An upgrade beside other holders. */
    NOT_SOLE_HOLDER
  }

  /**
   * The request holds the lock.
   *
   * @param id the grant's id; see {@link Grant#id()}
   */
  record Granted(long id) implements Reply {}

  /**
   * The request waits.
   *
   * @param ahead how many waiters are before it
   */
  record Queued(int ahead) implements Reply {}

  /**
   * Nothing was changed.
   *
   * @param reason why
   * @param present the kind that the lock has at present, for the error message; {@code null} if it
   *     is at rest
   */
  record Rejected(Reason reason, @Nullable LockKind present) implements Reply {}

  /** The command has had its effect, now or earlier. */
  record Done() implements Reply {}
}
