package io.holdfast.sim;

/** What the users of a world do. */
public enum Theme {
  /** They use every kind of lock in every way there is, but wait for nothing while they hold. */
  USUAL,
  /** They form rings, in which each holds a lock and waits for the next one's. */
  RINGS,
  /** They take several locks in whatever order comes to their mind. */
  TANGLES
}
