package io.holdfast.engine;

import io.holdfast.rules.LockRecord;
import java.util.Map;

/**
 * A lock as an engine shows it to people.
 *
 * @param name the lock
 * @param record its holders and waiters
 * @param sessions what the sessions in the record said of themselves, by session number; a session
 *     that is unknown to the engine has no entry
 */
public record LockView(String name, LockRecord record, Map<Long, SessionTerms> sessions) {

  /** Takes an unmodifiable copy. */
  public LockView {
    sessions = Map.copyOf(sessions);
  }
}
