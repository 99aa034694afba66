package io.holdfast.tck;

import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What clients believed of their locks, in one logical order, to be checked afterwards.
 *
 * <p>A client writes down that it is granted after it learned so, and that it has released before
 * it says so to the engine. A correct lock then never shows two conflicting critical sections that
 * overlap, whatever the threads and delays. Thread-safe; the history must be at rest while it is
 * checked.
 *
 * <pre>{@code
 * History.Attempt attempt = history.ask("worker 3", "orders/42", LockKind.MUTEX, Mode.EXCLUSIVE);
 * try (Hold hold = lock.acquire()) {
 *   attempt.granted(hold.token());
 *   ...
 *   attempt.released();
 * }
 * history.assertCorrect();
 * }</pre>
 */
public final class History {

  /** What a correct history keeps. */
  public enum Rule {
    /** Conflicting critical sections do not overlap. */
    EXCLUSION,
    /** Of two conflicting critical sections the later one has the larger token. */
    TOKEN_ORDER,
    /** An attempt is granted at most once. */
    SINGLE_GRANT,
    /** Nothing is granted after its cancel or rejection was confirmed. */
    NO_GRANT_AFTER_END,
    /** Every attempt ends. */
    EVERY_ATTEMPT_ENDS
  }

  /**
   * A rule that was broken.
   *
   * @param rule which
   * @param name the lock
   * @param text the attempts concerned, with the logical times of their sections
   */
  public record Violation(Rule rule, String name, String text) {

    @Override
    public String toString() {
      return rule + " of lock \"" + name + "\": " + text;
    }
  }

  /** How an attempt came to its end. */
  private enum End {
    RELEASED,
    LOST,
    CANCELLED,
    REJECTED
  }

  private final AtomicLong order = new AtomicLong();
  private final Queue<Attempt> attempts = new ConcurrentLinkedQueue<>();

  /** An empty history. */
  public History() {}

  /**
   * Writes down that somebody asks for a lock.
   *
   * @param who for the report
   * @param name the lock
   * @param kind the kind that it is taken for
   * @param mode how it is asked for
   */
  public Attempt ask(String who, String name, LockKind kind, Mode mode) {
    Attempt attempt = new Attempt(order, who, name, kind, mode);
    attempts.add(attempt);
    return attempt;
  }

  /** The locks that were asked for. */
  public Set<String> names() {
    return attempts.stream().map(Attempt::name).collect(Collectors.toSet());
  }

  /** Every rule that was broken; empty if the history is correct. */
  public List<Violation> violations() {
    return new HistoryCheck(List.copyOf(attempts)).violations();
  }

  /**
   * Checks the history.
   *
   * @throws AssertionError with a report of everything that is wrong
   */
  public void assertCorrect() {
    List<Violation> violations = violations();
    if (!violations.isEmpty()) {
      throw new AssertionError(
          "this history is wrong (violations: "
              + violations.size()
              + ", attempts: "
              + attempts.size()
              + ", locks: "
              + names().size()
              + "):\n"
              + violations.stream()
                  .limit(20)
                  .map(violation -> "  " + violation)
                  .collect(Collectors.joining("\n")));
    }
  }

  /** One acquire from its beginning to its end. Thread-safe. */
  public static final class Attempt {

    private final AtomicLong order;
    private final String who;
    private final String name;
    private final LockKind kind;
    private final Mode mode;
    private final long askedAt;
    private int grants;
    private boolean grantedAfterEnd;
    private long token;
    private long grantedAt;
    private long endedAt;
    private @Nullable End end;

    private Attempt(AtomicLong order, String who, String name, LockKind kind, Mode mode) {
      this.order = order;
      this.who = who;
      this.name = name;
      this.kind = kind;
      this.mode = mode;
      this.askedAt = order.incrementAndGet();
    }

    /**
     * The lock is held from now on. Called after the client learned so.
     *
     * @param newToken the fencing token, or the grant's id
     */
    public synchronized void granted(long newToken) {
      grants++;
      if (end != null) {
        grantedAfterEnd = true;
      } else {
        token = newToken;
        grantedAt = order.incrementAndGet();
      }
    }

    /** The lock is held no longer. Called before the client says so to anybody. */
    public void released() {
      end(End.RELEASED);
    }

    /** The client was told that it has lost the lock. */
    public void lost() {
      end(End.LOST);
    }

    /** The client gave up, and that was confirmed. */
    public void cancelled() {
      end(End.CANCELLED);
    }

    /** The attempt was rejected, or timed out without a grant. */
    public void rejected() {
      end(End.REJECTED);
    }

    private synchronized void end(End how) {
      if (end == null) {
        end = how;
        endedAt = order.incrementAndGet();
      }
    }

    String name() {
      return name;
    }

    LockKind kind() {
      return kind;
    }

    Mode mode() {
      return mode;
    }

    synchronized long token() {
      return token;
    }

    synchronized int grants() {
      return grants;
    }

    synchronized boolean grantedAfterEnd() {
      return grantedAfterEnd;
    }

    synchronized boolean ended() {
      return end != null;
    }

    /** Whether there was a critical section. */
    synchronized boolean entered() {
      return grantedAt > 0;
    }

    synchronized long grantedAt() {
      return grantedAt;
    }

    /** When the critical section was over; never, if it has no end. */
    synchronized long leftAt() {
      return end == null ? Long.MAX_VALUE : endedAt;
    }

    @Override
    public synchronized String toString() {
      StringBuilder text = new StringBuilder(who + " (" + mode + ", asked at " + askedAt);
      if (grantedAt > 0) {
        text.append(", held from ").append(grantedAt).append(" with token ").append(token);
      }
      return text.append(end == null ? ", no end)" : ", " + end + " at " + endedAt + ")")
          .toString();
    }
  }
}
