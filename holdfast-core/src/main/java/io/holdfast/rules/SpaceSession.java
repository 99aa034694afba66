package io.holdfast.rules;

/**
 * A session of a {@link LockSpace}.
 *
 * @param id its number
 * @param ttlMillis after how long without renewal it may be expired, in milliseconds
 * @param node what the node says of itself, for people
 * @param host the name of its machine, for people
 * @param pid its process id, for people
 * @param renewal the space's version at the latest renewal or, before the first, at the opening
 */
public record SpaceSession(
    long id, long ttlMillis, String node, String host, long pid, long renewal) {

  /** The same session, renewed. */
  SpaceSession renewed(long version) {
    return new SpaceSession(id, ttlMillis, node, host, pid, version);
  }
}
