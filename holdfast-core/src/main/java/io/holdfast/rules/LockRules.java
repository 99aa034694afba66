package io.holdfast.rules;

import io.holdfast.rules.Command.Acquire;
import io.holdfast.rules.Reply.Reason;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The transition function of one lock. Total, deterministic, idempotent per request.
 *
 * <p>After every change the queue is settled: all leading compatible waiters are granted in one
 * step. Read-write locks are phase-fair (Brandenburg and Anderson, "Reader-Writer Synchronization
 * for Shared-Memory Multiprocessor Real-Time Systems", ECRTS 2009): a reader that arrives while a
 * writer waits queues, and when a writer leaves, all readers then waiting enter together.
 * Semaphores are granted strictly in order, so that a large request is not starved by small ones.
 */
public final class LockRules {

  /** How many waiters one lock may have. */
  public static final int MAX_WAITERS = 10_000;

  /** How many characters an owner label may have. */
  public static final int MAX_OWNER_LENGTH = 256;

  private LockRules() {}

  /**
   * Applies a command.
   *
   * @param before the lock's state; {@code null} if it is at rest
   * @param command what is asked
   * @param now the time in milliseconds since the epoch, recorded for people; no rule depends on it
   * @return the next state, in which new grants are {@link Grant#UNRESOLVED}
   * @throws IllegalArgumentException if the command can never be right: a mode that its kind does
   *     not have, or an owner label that is too long
   * @throws IllegalStateException if an invariant is broken: the caller must stop using this state
   */
  public static Transition apply(@Nullable LockRecord before, Command command, long now) {
    if (command instanceof Acquire want) {
      checkArguments(want);
      return acquire(before == null ? LockRecord.free(want.kind()) : before, want, now);
    }
    if (before == null || before.atRest()) {
      return atRest(command);
    }
    Change change = new Change(before, now);
    if (command instanceof Command.Release release) {
      change.endGrant(release.request());
    } else if (command instanceof Command.Cancel cancel) {
      change.endWaiter(cancel.request());
      change.endGrant(cancel.request());
    } else if (command instanceof Command.Decline decline) {
      before.grant(decline.request()).ifPresent(change::rejectTries);
    } else if (command instanceof Command.Expire expire) {
      change.endSession(expire.session());
    } else {
      return ofGrant(before, command, change);
    }
    return change.finish(new Reply.Done());
  }

  private static void checkArguments(Acquire want) {
    if (!want.kind().allows(want.mode())) {
      throw new IllegalArgumentException(
          "a " + want.kind() + " cannot be acquired as " + want.mode() + "; ask for another mode");
    }
    if (want.owner().length() > MAX_OWNER_LENGTH) {
      throw new IllegalArgumentException(
          "an owner label may have "
              + MAX_OWNER_LENGTH
              + " characters, not "
              + want.owner().length()
              + "; shorten it");
    }
  }

  /** The answer of a lock that nobody holds and nobody waits for. */
  private static Transition atRest(Command command) {
    boolean endsSomething =
        command instanceof Command.Release
            || command instanceof Command.Cancel
            || command instanceof Command.Decline
            || command instanceof Command.Expire;
    Reply reply = endsSomething ? new Reply.Done() : new Reply.Rejected(Reason.NOT_HELD, null);
    return new Transition(null, reply, List.of(), false);
  }

  private static Transition acquire(LockRecord found, Acquire want, long now) {
    Optional<Reply> known = known(found, want.request());
    if (known.isPresent()) {
      return unchanged(found, known.get());
    }
    // A record at rest is as good as none: it does not tie the name to a kind.
    LockRecord before = found.atRest() ? LockRecord.free(want.kind()) : found;
    if (!before.kind().equals(want.kind())) {
      return rejected(before, Reason.KIND_MISMATCH);
    }
    Change change = new Change(before, now);
    if (before.queue().isEmpty()
        && Compatibility.admits(before.kind(), before.grants(), want.mode())) {
      return change.finish(new Reply.Granted(change.grant(want).id()));
    }
    boolean tryOnly = want.patience() == Command.Patience.TRY;
    boolean full = before.queue().size() >= MAX_WAITERS;
    if (tryOnly && (full || !worthAsking(before, want.mode()))) {
      return rejected(before, Reason.BUSY);
    }
    if (full) {
      return rejected(before, Reason.QUEUE_FULL);
    }
    change.enqueue(want);
    if (!alreadyAsked(before, tryOnly)) {
      before.grants().stream()
          .filter(grant -> grant.mode().isInTheWayOf(want.mode()))
          .forEach(grant -> change.revoke(grant, tryOnly));
    }
    return change.finish(new Reply.Queued(before.queue().size()));
  }

  /** The present state of a request that has been seen before. */
  private static Optional<Reply> known(LockRecord before, RequestId request) {
    Optional<Grant> grant = before.grant(request);
    if (grant.isPresent()) {
      return Optional.of(new Reply.Granted(grant.get().id()));
    }
    for (int ahead = 0; ahead < before.queue().size(); ahead++) {
      if (before.queue().get(ahead).request().equals(request)) {
        return Optional.of(new Reply.Queued(ahead));
      }
    }
    return Optional.empty();
  }

  /** Whether everybody in the way of a TRY request may turn out to be idle. */
  private static boolean worthAsking(LockRecord before, Mode mode) {
    return before.queue().stream().allMatch(Waiter::tryOnly)
        && before.grants().stream()
            .filter(grant -> grant.mode().isInTheWayOf(mode))
            .allMatch(Grant::retainable);
  }

  /**
   * Whether the holders have been asked on behalf of an earlier waiter, so that a thousand waiters
   * wake a holder once. They are asked again when the first patient waiter joins TRY waiters.
   */
  private static boolean alreadyAsked(LockRecord before, boolean tryOnly) {
    return before.queue().stream()
        .filter(waiter -> tryOnly || !waiter.tryOnly())
        .anyMatch(waiter -> before.grants().get(0).mode().isInTheWayOf(waiter.mode()));
  }

  /** The commands that are about one grant and say so if it is not there. */
  private static Transition ofGrant(LockRecord before, Command command, Change change) {
    if (command instanceof Command.Downgrade downgrade) {
      return turn(before, downgrade.request(), Mode.SHARED, change);
    }
    if (command instanceof Command.Upgrade upgrade) {
      return turn(before, upgrade.request(), Mode.EXCLUSIVE, change);
    }
    if (command instanceof Command.Refresh refresh) {
      Optional<Grant> grant =
          before.grant(refresh.request()).filter(found -> found.mode().type() != Mode.Type.SHARED);
      grant.ifPresent(found -> change.turn(found, found.withId(Grant.UNRESOLVED)));
      return grant.isPresent()
          ? change.finish(new Reply.Granted(Grant.UNRESOLVED))
          : rejected(before, Reason.NOT_HELD);
    }
    if (command instanceof Command.Pass pass) {
      return pass(before, pass.request(), change);
    }
    Command.ForceRelease force = (Command.ForceRelease) command;
    if (before.grant(force.request()).filter(grant -> grant.id() == force.id()).isEmpty()) {
      return rejected(before, Reason.NOT_HELD);
    }
    change.endGrantAndTell(force.request());
    return change.finish(new Reply.Done());
  }

  /** A reader beside readers harms nobody but the writers that it passes. */
  private static Transition pass(LockRecord before, RequestId request, Change change) {
    Optional<Waiter> waiter = before.waiter(request);
    if (waiter.isPresent()
        && waiter.get().mode().isShared()
        && !before.grants().isEmpty()
        && Compatibility.admits(before.kind(), before.grants(), waiter.get().mode())) {
      return change.finish(new Reply.Granted(change.pass(waiter.get()).id()));
    }
    return unchanged(
        before, known(before, request).orElse(new Reply.Rejected(Reason.NOT_HELD, before.kind())));
  }

  private static Transition turn(LockRecord before, RequestId request, Mode mode, Change change) {
    Optional<Grant> grant = before.grant(request);
    if (grant.isEmpty()) {
      return rejected(before, Reason.NOT_HELD);
    }
    if (before.kind().type() != LockKind.Type.READ_WRITE) {
      return rejected(before, Reason.KIND_MISMATCH);
    }
    if (grant.get().mode().equals(mode)) {
      return unchanged(before, new Reply.Granted(grant.get().id()));
    }
    if (before.grants().size() > 1) {
      return rejected(before, Reason.NOT_SOLE_HOLDER);
    }
    change.turn(grant.get(), grant.get().withMode(mode));
    return change.finish(new Reply.Granted(Grant.UNRESOLVED));
  }

  private static Transition unchanged(LockRecord record, Reply reply) {
    return new Transition(record.atRest() ? null : record, reply, List.of(), false);
  }

  private static Transition rejected(LockRecord record, Reason reason) {
    return unchanged(record, new Reply.Rejected(reason, record.kind()));
  }
}
