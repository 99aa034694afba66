package io.holdfast.rules;

import java.util.ArrayList;
import java.util.List;

/**
 * A change of one lock in the making: a working copy of its record, the events so far, and the way
 * to a settled and checked {@link Transition}.
 */
final class Change {

  private final LockRecord before;
  private final long now;
  private final List<Grant> grants;
  private final List<Waiter> queue;
  private final List<Event> events = new ArrayList<>();

  /** Grants that this change has made or turned: they have not been asked to give way yet. */
  private final List<Grant> fresh = new ArrayList<>();

  private boolean changed;

  /**
   * Begins a change.
   *
   * @param now recorded in new grants and waiters, for people
   */
  Change(LockRecord before, long now) {
    this.before = before;
    this.now = now;
    this.grants = new ArrayList<>(before.grants());
    this.queue = new ArrayList<>(before.queue());
  }

  /** Adds a grant for a request that need not wait, and returns it. */
  Grant grant(Command.Acquire want) {
    Grant grant =
        new Grant(
            want.request(),
            want.mode(),
            Compatibility.nextId(grants, want.mode()),
            want.owner(),
            want.retainable(),
            now);
    grants.add(grant);
    changed = true;
    return grant;
  }

  /** Adds a waiter at the end of the queue. */
  void enqueue(Command.Acquire want) {
    boolean tryOnly = want.patience() == Command.Patience.TRY;
    queue.add(
        new Waiter(want.request(), want.mode(), want.owner(), want.retainable(), tryOnly, now));
    changed = true;
  }

  /** Grants a waiter out of turn, and returns its grant. */
  Grant pass(Waiter waiter) {
    queue.remove(waiter);
    Grant grant = Compatibility.give(grants, waiter, now);
    events.add(new Event.Granted(grant.request(), grant.id()));
    fresh.add(grant);
    changed = true;
    return grant;
  }

  /** Asks a holder to give the lock back. */
  void revoke(Grant grant, boolean tryOnly) {
    events.add(new Event.Revoke(grant.request(), tryOnly));
  }

  /** Removes the grant of a request, if it has one. */
  void endGrant(RequestId request) {
    changed |= grants.removeIf(grant -> grant.request().equals(request));
  }

  /** Removes the waiter of a request, if it has one. */
  void endWaiter(RequestId request) {
    changed |= queue.removeIf(waiter -> waiter.request().equals(request));
  }

  /** Removes the grant of a request and tells its session. */
  void endGrantAndTell(RequestId request) {
    endGrant(request);
    events.add(new Event.Ended(request));
  }

  /** Removes everything of a session and tells it, in case that it is not as dead as thought. */
  void endSession(long session) {
    for (Grant grant : before.grants()) {
      if (grant.request().session() == session) {
        events.add(new Event.Ended(grant.request()));
      }
    }
    changed |= grants.removeIf(grant -> grant.request().session() == session);
    changed |= queue.removeIf(waiter -> waiter.request().session() == session);
  }

  /** Rejects the TRY waiters that a grant keeps out. */
  void rejectTries(Grant grant) {
    List<Waiter> kept = new ArrayList<>(queue.size());
    for (Waiter waiter : queue) {
      if (waiter.tryOnly() && grant.mode().isInTheWayOf(waiter.mode())) {
        events.add(new Event.Rejected(waiter.request(), Reply.Reason.BUSY));
        changed = true;
      } else {
        kept.add(waiter);
      }
    }
    queue.clear();
    queue.addAll(kept);
  }

  /** Replaces a grant by another state of the same request. */
  void turn(Grant from, Grant to) {
    grants.set(grants.indexOf(from), to);
    if (!from.mode().equals(to.mode())) {
      fresh.add(to);
    }
    changed = true;
  }

  /** Settles the queue, collects the events and checks the result. */
  Transition finish(Reply reply) {
    if (!changed) {
      return new Transition(before, reply, List.of(), false);
    }
    boolean writerLeft =
        Compatibility.exclusive(before.grants()) && !Compatibility.exclusive(grants);
    for (Grant grant : new Settlement(before.kind(), grants, queue, now).settle(writerLeft)) {
      events.add(new Event.Granted(grant.request(), grant.id()));
      fresh.add(grant);
    }
    revokeFresh();
    LockRecord after = new LockRecord(before.kind(), grants, queue);
    Invariants.check(after);
    return new Transition(after.atRest() ? null : after, reply, events, true);
  }

  /**
   * Asks the new holders on behalf of those who still wait: these asked the old ones only. All
   * grants of a record are alike in what they keep out, so one look at the queue is enough.
   */
  private void revokeFresh() {
    if (fresh.isEmpty()) {
      return;
    }
    Mode held = fresh.get(0).mode();
    boolean asked = false;
    boolean tryOnly = true;
    for (Waiter waiter : queue) {
      if (held.isInTheWayOf(waiter.mode())) {
        asked = true;
        tryOnly &= waiter.tryOnly();
      }
    }
    if (asked) {
      for (Grant grant : fresh) {
        revoke(grant, tryOnly);
      }
    }
  }
}
