package io.holdfast.node;

import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Outbox;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the locks of one node share.
 *
 * @param environment clocks, scheduler and chance
 * @param keeper the session
 * @param sender the way to the engine
 * @param watch looks for deadlocks among those that wait long
 * @param callbacks runs what users wrote: loss listeners and what depends on futures
 * @param active the locks that have something at the engine, by name
 * @param maxRetained how many locks the node keeps without using them
 */
record NodeContext(
    Environment environment,
    SessionKeeper keeper,
    CommandSender sender,
    DeadlockWatch watch,
    Executor callbacks,
    Map<String, Participant> active,
    int maxRetained) {

  private static final Logger LOG = LoggerFactory.getLogger(NodeContext.class);

  /** How long a try waits for the node that retains the lock to answer. */
  static final Duration TRY_LIMIT = Duration.ofSeconds(1);

  /** Runs what users wrote, never on a thread of the engine or the scheduler. */
  void callBack(Runnable work) {
    try {
      callbacks.execute(work);
    } catch (RejectedExecutionException closed) {
      LOG.debug("a callback came after the callback executor was shut down", closed);
    }
  }

  long now() {
    return environment.ticker().nanoTime();
  }

  /**
   * A grant or revoke for a request that nobody here knows any more, for example because a message
   * was delivered late: it is ended, never ignored.
   */
  void endUnknown(String name, Event event, Outbox outbox) {
    EngineSession session = keeper.session();
    boolean needed = event instanceof Event.Granted || event instanceof Event.Revoke;
    if (needed && session != null && session.id() == event.request().session()) {
      Command cancel = new Command.Cancel(event.request());
      outbox.post(() -> sender.sendAndForget(session, name, cancel));
    }
  }
}
