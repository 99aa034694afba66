package io.holdfast.rules;

/** What can be asked of one lock. Every command may be repeated without further effect. */
public sealed interface Command {

  /** The session that the command is about. */
  long session();

  /** The commands that are about one request. */
  sealed interface OfRequest extends Command {

    /** The request. */
    RequestId request();

    @Override
    default long session() {
      return request().session();
    }
  }

  /** How long an acquire is willing to wait in the engine's queue. */
  enum Patience {
    /** Queue until granted or cancelled. */
    QUEUE,
    /**
     * Queue only behind holders that may merely retain the lock, and only until one of them
     * declines; rejected as busy in every other case.
     */
    TRY
  }

  /**
   * Asks for the lock. Answered by {@link Reply.Granted}, {@link Reply.Queued} or {@link
   * Reply.Rejected}; a known request gets its present state as the answer.
   *
   * @param request the name of this request
   * @param kind the kind that the caller takes the lock for; another kind is rejected
   * @param mode how it is to be held
   * @param owner label of the owner, for people, at most {@link LockRules#MAX_OWNER_LENGTH}
   *     characters
   * @param retainable whether the session may retain the lock
   * @param patience whether to queue
   */
  record Acquire(
      RequestId request,
      LockKind kind,
      Mode mode,
      String owner,
      boolean retainable,
      Patience patience)
      implements OfRequest {}

  /** Ends the grant of a request; no effect and {@link Reply.Done} if there is none (any more). */
  record Release(RequestId request) implements OfRequest {}

  /** Withdraws a request: removes its waiter and, if it was already granted, ends the grant. */
  record Cancel(RequestId request) implements OfRequest {}

  /**
   * A holder's answer to a revoke on behalf of TRY waiters: the lock is in real use. Rejects as
   * busy the TRY waiters that the grant keeps out; no effect if the request holds nothing.
   */
  record Decline(RequestId request) implements OfRequest {}

  /**
   * Turns an exclusive grant into a shared one with a new id, at once; a shared one stays as it is.
   * Answered by {@link Reply.Granted}, or by {@link Reply.Rejected} with {@link
   * Reply.Reason#NOT_HELD} or, if the lock has no shared mode, {@link Reply.Reason#KIND_MISMATCH}.
   */
  record Downgrade(RequestId request) implements OfRequest {}

  /**
   * Turns a shared grant into an exclusive one with a new id if it is the only grant, past waiting
   * writers too; never waits. An exclusive one stays as it is. Answered by {@link Reply.Granted} or
   * {@link Reply.Rejected}.
   */
  record Upgrade(RequestId request) implements OfRequest {}

  /**
   * Gives a grant a new, larger id, so that its node can go on drawing fencing tokens. Each repeat
   * draws another one. Answered by {@link Reply.Granted}, or by {@link Reply.Rejected} with {@link
   * Reply.Reason#NOT_HELD} if it is no longer held, or shared: readers of one phase keep one id.
   */
  record Refresh(RequestId request) implements OfRequest {}

  /**
   * Lets a waiting reader in past the writers that wait before it, because one of those can only go
   * on after the reader: see the search for deadlocks. Never waits longer for it. Answered by
   * {@link Reply.Granted}, by {@link Reply.Queued} if the lock is not held by readers, or by {@link
   * Reply.Rejected} with {@link Reply.Reason#NOT_HELD} if the request is not there.
   */
  record Pass(RequestId request) implements OfRequest {}

  /** Drops all grants and waiters of a session that is provably dead. */
  record Expire(long session) implements Command {}

  /**
   * An operator ends a grant that he has seen: compare-and-delete. Answered by {@link Reply.Done}
   * or, when that very grant does not exist, {@link Reply.Rejected} with {@link
   * Reply.Reason#NOT_HELD}.
   *
   * @param request the grant to end
   * @param id the id that the operator saw
   */
  record ForceRelease(RequestId request, long id) implements OfRequest {}
}
