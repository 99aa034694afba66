package io.holdfast;

import java.io.Serializable;

/**
 * A hold ended against its owner's will.
 *
 * @param name the lock
 * @param token the fencing token of the lost hold
 * @param cause why
 */
public record Loss(String name, long token, Cause cause) implements Serializable {

  /** Why a hold was lost. */
  public enum Cause {
    /** The lease could not be renewed in time; another node may get the lock from now on. */
    LEASE_EXPIRED("its lease could not be renewed in time"),
    /** The engine ended the session, for example after a pause of this process. */
    SESSION_ENDED("the engine has ended the session of this node"),
    /** The hold was longer than the lock's maximal hold. */
    MAX_HOLD("it was held longer than its maxHold"),
    /** An operator released it by force. */
    FORCED("an operator released it by force"),
    /** The node was closed while the lock was held. */
    CLOSED("its Holdfast was closed");

    private final String text;

    Cause(String text) {
      this.text = text;
    }
  }

  /** One sentence for people, with the next step. */
  public String message() {
    return "lost lock "
        + name
        + " (token "
        + token
        + "): "
        + cause.text
        + "; stop the work that it protected and acquire it again";
  }
}
