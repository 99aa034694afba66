package io.holdfast.engine;

import io.holdfast.rules.Event;

/**
 * How an engine speaks to a session. Calls come one after the other for one session, from any
 * thread, possibly before the stage of the command that caused them completes. The node returns
 * quickly and throws nothing; the engine holds no lock of its own while it calls.
 */
public interface SessionListener {

  /**
   * Something happened to a request of this session. Events may be lost, repeated, or come out of
   * order with replies; each is a hint whose request tells what it is about. The engine derives a
   * lost one again by itself, at the latest after a few seconds; but a lost {@link Event.Ended} of
   * a grant that nobody waits for only with the next command about that lock.
   *
   * @param name the lock
   */
  void onEvent(String name, Event event);

  /**
   * The engine has seen that the session is gone for good. The node opens a new one. Called at most
   * once; a later {@link EngineSession#renew()} would have said the same.
   */
  void onExpired();
}
