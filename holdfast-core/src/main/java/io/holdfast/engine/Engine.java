package io.holdfast.engine;

import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The place where locks are kept, as a node sees it: one space of locks in a store. Thread-safe; no
 * method blocks on I/O.
 *
 * <p><b>What the engine promises.</b> Every command goes through {@link
 * io.holdfast.rules.LockRules}. Grant ids come from one strictly growing counter of the space: they
 * never go back, not after deletion of a record, restart or failover. A session that ended never
 * lives again. A waiter that is granted hears of it, also when a notification was lost.
 *
 * <p><b>What the node promises.</b> It renews its session, answers a revoke as soon as its lock is
 * idle, and gives back at once a grant that nobody wants any more.
 *
 * <p><b>Retries.</b> All commands are idempotent per request, so the answer to every doubt is to
 * submit the same command again.
 */
public interface Engine extends AutoCloseable {

  /**
   * Opens a session.
   *
   * @param terms what the node says of itself
   * @param listener hears of the session's events from now on
   * @return the session; exceptionally with {@link io.holdfast.EngineUnavailableException}, whose
   *     message says what to check
   */
  CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener);

  /**
   * Looks at a lock, as of now (linearizable). Dead holders and waiters are dropped first.
   *
   * @return empty if the lock is at rest
   */
  CompletionStage<Optional<LockView>> read(String name);

  /**
   * Looks at the locks that are not at rest, by name.
   *
   * @param prefix only names that begin with it; may be empty
   * @param after only names that come after it in the order of {@link String#compareTo}; empty for
   *     the first page
   * @param limit how many at most, 1 to 1,000
   */
  CompletionStage<List<LockView>> list(String prefix, String after, int limit);

  /**
   * What sessions have reported of their waits, as of now (linearizable); those that have ended or
   * have reported nothing are left out.
   */
  CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions);

  /**
   * How long a wait lasts before it is worth a report and a search for a deadlock: short where both
   * are cheap, long where they cost round trips.
   */
  default Duration suspicion() {
    return Duration.ofMillis(10);
  }

  /**
   * An operator ends a grant that he has seen; see {@link io.holdfast.rules.Command.ForceRelease}.
   *
   * @return whether that very grant was there and has been ended
   */
  CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id);

  /** What this engine is and promises, for {@code holdfast doctor} and error messages. */
  EngineDescription description();

  /**
   * Looks at the live store for settings that break a promise, for {@code holdfast doctor}.
   *
   * @return what was looked at, the fine included; empty if there is nothing to look at
   */
  default CompletionStage<List<Finding>> examine() {
    return CompletableFuture.completedFuture(List.of());
  }

  /** Closes connections and ends the sessions that this object opened. Idempotent. */
  @Override
  void close();
}
