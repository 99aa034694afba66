package io.holdfast.engine;

import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import io.holdfast.rules.WaitReport;
import java.util.Set;
import java.util.concurrent.CompletionStage;

/**
 * The lifetime of everything a node holds or waits for. Thread-safe.
 *
 * <p>The engine ends a session when it has not been renewed for its TTL, on the engine's own clock,
 * or when it knows that the process is gone. A session that has ended never lives again.
 */
public interface EngineSession {

  /** The session's number: positive, never reused in this space. */
  long id();

  /**
   * Sends a command about one lock.
   *
   * <p>Commands of one session about one name take effect in the order of submission. The engine
   * does not block the calling thread on I/O. The stage may complete on any thread, an engine
   * thread included, so dependants must be brief.
   *
   * @param name the lock, valid by {@link LockNames}
   * @param command with a {@link io.holdfast.rules.RequestId} of this session
   * @return the reply, or exceptionally:
   *     <ul>
   *       <li>{@link io.holdfast.EngineUnavailableException}: nothing happened; submit the same
   *           command again
   *       <li>{@link io.holdfast.OutcomeUnknownException}: it may or may not have taken effect;
   *           submit the same command again (commands are idempotent per request), or cancel it
   *       <li>{@link SessionEndedException}: the session is gone, and with it every grant
   *     </ul>
   *     A stage may also stay incomplete for as long as the store hangs; the caller bounds its own
   *     waiting.
   */
  CompletionStage<Reply> submit(String name, Command command);

  /**
   * Renews the session for another TTL, counted by the engine from some moment after this call. The
   * node counts from just before the call.
   *
   * @return completes when the engine has renewed; exceptionally with {@link SessionEndedException}
   *     when the session is gone for good, or with any other exception when this attempt failed and
   *     may be repeated
   */
  CompletionStage<Void> renew();

  /**
   * Says what this session's grants wait for, instead of what it said before. Sent one after the
   * other: the node waits for the answer before it sends the next one.
   *
   * @return completes when others can read it; fails as {@link #submit} does, and may be repeated
   */
  CompletionStage<Void> report(WaitReport report);

  /**
   * Asks sessions to look at a lock again; those who hold it get another {@link
   * io.holdfast.rules.Event.Revoke} if somebody waits for it, which they answer with a report if
   * they cannot give it back. A hint: it may be lost.
   */
  void remind(String name, Set<Long> sessions);

  /**
   * Ends the session: everything it holds is released and everything it waits for is withdrawn.
   * Idempotent.
   *
   * @return completes when others can have the locks
   */
  CompletionStage<Void> close();
}
