package io.holdfast.engine;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What {@link StoreEngine} needs of a store: versioned records with compare-and-set, sessions with
 * a TTL, and a way to wake a session. Nothing here knows a lock rule. Thread-safe; no method blocks
 * the caller on I/O.
 *
 * <p>Stages fail with {@link io.holdfast.EngineUnavailableException} when nothing happened, with
 * {@link io.holdfast.OutcomeUnknownException} when a change was sent and not answered.
 */
public interface RecordStore extends AutoCloseable {

  /** How many bytes a session may publish. */
  int MAX_REPORT_BYTES = 65_536;

  /**
   * A record as stored.
   *
   * @param version the version of the write that stored it, from one counter of the space that
   *     strictly grows with every successful write and never goes back; 0 if there is no record
   * @param bytes what was written; {@code null} if there is no record
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody, and never copied on the way.
  record Stored(long version, byte @Nullable [] bytes) {

    /** There is no record. */
    public static final Stored ABSENT = new Stored(0, null);
  }

  /**
   * An attempt to replace a record.
   *
   * @param name which
   * @param expected the version that the record must have, 0 for "there is none"
   * @param bytes the new content; {@code null} deletes
   * @param wake the sessions to wake for this name once the write has taken effect, in the same
   *     round trip where the store can
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody, and never copied on the way.
  record Write(String name, long expected, byte @Nullable [] bytes, Set<Long> wake) {

    /** Takes an unmodifiable copy. */
    public Write {
      wake = Set.copyOf(wake);
    }
  }

  /**
   * What became of a {@link Write}.
   *
   * @param written whether it took effect
   * @param current if it took effect, the record as now stored (after a deletion {@link
   *     Stored#bytes} is {@code null}); if not, the record that stood in its way, so that no extra
   *     read is needed
   */
  record Outcome(boolean written, Stored current) {}

  /**
   * One record of a listing.
   *
   * @param name which
   * @param stored its content
   */
  record Entry(String name, Stored stored) {}

  /** Reads a record, as of now (linearizable). */
  CompletionStage<Stored> read(String name);

  /** Replaces a record if it has the expected version. */
  CompletionStage<Outcome> compareAndSet(Write write);

  /**
   * Lists records by name in the order of {@link String#compareTo}.
   *
   * @param prefix only names that begin with it
   * @param after only names after it
   * @param limit how many at most
   */
  CompletionStage<List<Entry>> list(String prefix, String after, int limit);

  /**
   * Opens a session and subscribes it to its wake-ups.
   *
   * @param onWake called with a lock's name when another session asked this one to look at it.
   *     Wake-ups may be lost or repeated, come from any thread, one at a time
   * @return the session's number, positive and never reused in the space
   */
  CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake);

  /**
   * Renews a session for its TTL.
   *
   * @return false if it is gone for good
   */
  CompletionStage<Boolean> renewSession(long session);

  /** Ends a session at once. Idempotent. Its records are the caller's to clean up. */
  CompletionStage<Void> closeSession(long session);

  /**
   * Finds the dead among some sessions, and makes sure that they stay dead: a session in the answer
   * can never be renewed again.
   */
  CompletionStage<Set<Long>> findDead(Collection<Long> sessions);

  /** What sessions said of themselves; unknown ones are left out. */
  CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> sessions);

  /**
   * Stores what a session says of its waits, until it says something else or ends. No effect if the
   * session is gone. What was not answered may still be stored later; what was answered never
   * again.
   *
   * @param report replaces what was published before; at most {@value #MAX_REPORT_BYTES} bytes
   */
  CompletionStage<Void> publish(long session, byte[] report);

  /**
   * What sessions have published, as of now (linearizable); those that are gone or have published
   * nothing are left out.
   */
  CompletionStage<Map<Long, byte[]>> published(Collection<Long> sessions);

  /** Wakes sessions for a name. At-most-once is enough. */
  CompletionStage<Void> wake(Set<Long> sessions, String name);

  /**
   * How often a waiter looks at its lock when no wake-up comes: about this long after it queued,
   * then about every two of these. Shorter where a look is cheap, as it is within one machine: this
   * is also how soon a dead holder is noticed that the store knows to be dead.
   */
  default Duration pollInterval() {
    return Duration.ofMillis(500);
  }

  /** What the store is and promises. */
  EngineDescription description();

  /** Looks at the live store for settings that break a promise; see {@link Engine#examine()}. */
  default CompletionStage<List<Finding>> examine() {
    return CompletableFuture.completedFuture(List.of());
  }

  /** Closes connections and ends the sessions that this object opened. Idempotent. */
  @Override
  void close();
}
