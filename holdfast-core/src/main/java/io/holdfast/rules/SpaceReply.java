package io.holdfast.rules;

/** The answer to a {@link SpaceCommand}. */
public sealed interface SpaceReply {

  /**
   * A session was opened.
   *
   * @param session its number, positive and never reused in the space
   */
  record SessionOpened(long session) implements SpaceReply {}

  /**
   * A session was renewed.
   *
   * @param renewal what {@link SpaceSession#renewal()} now is
   */
  record SessionRenewed(long renewal) implements SpaceReply {}

  /** The session is not expired, because it was renewed in time. */
  record SessionAlive() implements SpaceReply {}

  /** The session has ended, now or earlier, or never was. */
  record SessionEnded() implements SpaceReply {}

  /**
   * The answer of the lock.
   *
   * @param reply with resolved ids
   */
  record OfLock(Reply reply) implements SpaceReply {}
}
