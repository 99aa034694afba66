package io.holdfast.rules;

/**
 * A lock given to a session.
 *
 * @param request the request that was granted; the grant's identity
 * @param mode how it is held
 * @param id the space-wide version at which the grant was made, the upper part of its fencing
 *     tokens; {@link #UNRESOLVED} while the write that makes the grant has no version yet
 * @param owner label of the owner that asked, for people
 * @param retainable whether the session may keep the lock after its owner released it, so that a
 *     TRY request is worth asking back for
 * @param since when it was granted, in milliseconds since the epoch, for people only
 */
public record Grant(
    RequestId request, Mode mode, long id, String owner, boolean retainable, long since) {

  /** The id of a grant whose version is not known yet: "the version of the write I came with". */
  public static final long UNRESOLVED = 0;

  /** The same grant with another id. */
  public Grant withId(long newId) {
    return new Grant(request, mode, newId, owner, retainable, since);
  }

  /** The same grant in another mode, with an id that is not known yet. */
  public Grant withMode(Mode newMode) {
    return new Grant(request, newMode, UNRESOLVED, owner, retainable, since);
  }
}
