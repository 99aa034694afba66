package io.holdfast.rules;

import java.util.List;
import java.util.Optional;

/**
 * The state of one lock. A lock at rest, with no grant and no waiter, has no record.
 *
 * @param kind what kind of lock it is
 * @param grants the pairwise compatible grants, oldest first
 * @param queue the waiters in order of arrival
 */
public record LockRecord(LockKind kind, List<Grant> grants, List<Waiter> queue) {

  /** Takes unmodifiable copies. */
  public LockRecord {
    grants = List.copyOf(grants);
    queue = List.copyOf(queue);
  }

  /** A lock of a kind that nobody holds and nobody waits for. */
  public static LockRecord free(LockKind kind) {
    return new LockRecord(kind, List.of(), List.of());
  }

  /** Whether nobody holds the lock and nobody waits, so that its record is deleted. */
  public boolean atRest() {
    return grants.isEmpty() && queue.isEmpty();
  }

  /** The grant of a request. */
  public Optional<Grant> grant(RequestId request) {
    return grants.stream().filter(grant -> grant.request().equals(request)).findFirst();
  }

  /** The waiter of a request. */
  public Optional<Waiter> waiter(RequestId request) {
    return queue.stream().filter(waiter -> waiter.request().equals(request)).findFirst();
  }

  /** What a grant is asked on behalf of those that it keeps waiting; empty if there are none. */
  public Optional<Event.Revoke> revoke(Grant grant) {
    boolean wanted = false;
    boolean tryOnly = true;
    for (Waiter waiter : queue) {
      if (grant.mode().isInTheWayOf(waiter.mode())) {
        wanted = true;
        tryOnly &= waiter.tryOnly();
      }
    }
    return wanted ? Optional.of(new Event.Revoke(grant.request(), tryOnly)) : Optional.empty();
  }

  /**
   * The record with every unresolved grant id filled in.
   *
   * @param version the version of the write that stored this record
   */
  public LockRecord resolved(long version) {
    if (grants.stream().noneMatch(grant -> grant.id() == Grant.UNRESOLVED)) {
      return this;
    }
    List<Grant> known =
        grants.stream()
            .map(grant -> grant.id() == Grant.UNRESOLVED ? grant.withId(version) : grant)
            .toList();
    return new LockRecord(kind, known, queue);
  }
}
