package io.holdfast.rules;

import java.util.List;

/**
 * What a command does to a {@link LockSpace}, beside the change of its state.
 *
 * @param reply the answer to the caller
 * @param notices what open sessions are to be told, in order
 */
public record SpaceResult(SpaceReply reply, List<Notice> notices) {

  /** Takes an unmodifiable copy. */
  public SpaceResult {
    notices = List.copyOf(notices);
  }

  /**
   * An event and the lock it is about.
   *
   * @param name the lock
   * @param event with resolved ids
   */
  public record Notice(String name, Event event) {

    /** The addressee. */
    public long session() {
      return event.request().session();
    }
  }
}
