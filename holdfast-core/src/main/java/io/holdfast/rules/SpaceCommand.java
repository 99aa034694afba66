package io.holdfast.rules;

/** What can be asked of a {@link LockSpace}. */
public sealed interface SpaceCommand {

  /**
   * Opens a session. Answered by {@link SpaceReply.SessionOpened}.
   *
   * @param ttlMillis after how long without renewal the session may be expired, in milliseconds, 1
   *     or more
   * @param node what the node says of itself, for people
   * @param host the name of its machine, for people
   * @param pid its process id, for people
   */
  record OpenSession(long ttlMillis, String node, String host, long pid) implements SpaceCommand {

    /** Checks the TTL. */
    public OpenSession {
      if (ttlMillis < 1) {
        throw new IllegalArgumentException("a TTL is at least 1 ms, not " + ttlMillis);
      }
    }
  }

  /**
   * Renews a session. Answered by {@link SpaceReply.SessionRenewed} or {@link
   * SpaceReply.SessionEnded}.
   */
  record Renew(long session) implements SpaceCommand {}

  /**
   * Ends a session by choice, with everything that it holds and waits for. Answered by {@link
   * SpaceReply.SessionEnded}, also if it had ended before.
   */
  record CloseSession(long session) implements SpaceCommand {}

  /**
   * Ends a session whose TTL has passed. Whoever counts the time may not have seen the latest
   * renewal yet, so a later one wins. Answered by {@link SpaceReply.SessionEnded} or {@link
   * SpaceReply.SessionAlive}.
   *
   * @param renewal the renewal that was not followed by another in time, as in {@link
   *     SpaceSession#renewal()}
   */
  record ExpireSession(long session, long renewal) implements SpaceCommand {}

  /**
   * A command about one lock. Answered by {@link SpaceReply.OfLock}, or {@link
   * SpaceReply.SessionEnded} if its session is not open. A {@link Command.ForceRelease} comes from
   * an operator and needs no open session.
   *
   * @param name the lock, not empty
   * @param command anything but {@link Command.Expire}: sessions end as a whole
   */
  record OnLock(String name, Command command) implements SpaceCommand {

    /** Refuses to expire a session in one place only. */
    public OnLock {
      if (name.isEmpty()) {
        throw new IllegalArgumentException("a lock name must not be empty");
      }
      if (command instanceof Command.Expire) {
        throw new IllegalArgumentException(
            "a session of a space ends with all its locks; use ExpireSession");
      }
    }
  }
}
