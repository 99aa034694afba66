package io.holdfast.rules;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a command does to a lock.
 *
 * @param record the lock's next state; {@code null} if it is at rest, so that nothing is stored
 * @param reply the answer to the caller
 * @param events hints for the sessions concerned, the caller's own included, in order
 * @param changed whether {@code record} differs from the state before; if not, nothing needs to be
 *     written
 */
public record Transition(
    @Nullable LockRecord record, Reply reply, List<Event> events, boolean changed) {

  /** Takes an unmodifiable copy. */
  public Transition {
    events = List.copyOf(events);
  }

  /**
   * The same transition after its write: every unresolved grant id in the record, the reply and the
   * events is the version of that write.
   */
  public Transition resolved(long version) {
    LockRecord known = record == null ? null : record.resolved(version);
    Reply answer =
        reply instanceof Reply.Granted granted && granted.id() == Grant.UNRESOLVED
            ? new Reply.Granted(version)
            : reply;
    List<Event> told =
        events.stream()
            .map(
                event ->
                    event instanceof Event.Granted granted && granted.id() == Grant.UNRESOLVED
                        ? new Event.Granted(granted.request(), version)
                        : event)
            .toList();
    return new Transition(known, answer, told, changed);
  }
}
