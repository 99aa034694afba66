package io.holdfast.sim;

import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.Waiter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Judges each step of the records of a space: grants are compatible, ids grow, nobody is overtaken
 * in the queue, and on read-write locks no side waits for more than its turn.
 */
final class RecordCheck {

  /** What a waiter of a read-write lock has let pass so far. */
  private static final class Patience {
    private int bound;
    private int passed;

    Patience(int bound) {
      this.bound = bound;
    }
  }

  private final Simulator simulator;
  private final Coverage coverage;
  private final Map<String, LockRecord> last = new HashMap<>();
  private final Map<String, Long> largestId = new HashMap<>();
  private final Map<RequestId, Patience> patience = new HashMap<>();

  RecordCheck(Simulator simulator, Coverage coverage) {
    this.simulator = simulator;
    this.coverage = coverage;
  }

  /** A record is now like this; {@code null} if it is at rest. */
  void onChange(String name, @Nullable LockRecord present) {
    LockRecord before = last.get(name);
    if (present == null) {
      last.remove(name);
    } else {
      last.put(name, present);
    }
    LockRecord after = present != null ? present : before;
    if (after == null || after.equals(before)) {
      return;
    }
    if (simulator.isTraced()) {
      simulator.say(name + " is now " + present);
    }
    LockRecord now = present != null ? present : LockRecord.free(after.kind());
    LockRecord then = before != null ? before : LockRecord.free(after.kind());
    compatible(name, now);
    for (Grant grant : now.grants()) {
      Optional<Grant> known = then.grant(grant.request());
      boolean isNew = known.isEmpty() || known.get().id() != grant.id();
      // A phase that came back after changes were lost goes on with its id.
      if (isNew && !joins(grant, then)) {
        larger(name, grant);
      }
    }
    order(name, then, now);
    if (now.kind().type() == LockKind.Type.READ_WRITE) {
      turns(name, then, now);
    }
    coverage.count(now.queue().size() > 1 ? "record: queue of several" : "record: short queue");
  }

  /** A record is as it was some time ago; {@code null} if it was at rest. */
  void comesBack(String name, @Nullable LockRecord past) {
    LockRecord before = last.remove(name);
    if (before != null) {
      before.queue().forEach(waiter -> patience.remove(waiter.request()));
    }
    if (past != null) {
      past.queue().forEach(waiter -> patience.remove(waiter.request()));
      last.put(name, past);
    }
  }

  private void violated(String name, String rule, LockRecord record) {
    simulator.violated(name + ": " + rule + ": " + record, null);
  }

  private void compatible(String name, LockRecord record) {
    List<Grant> grants = record.grants();
    if (record.kind().type() == LockKind.Type.SEMAPHORE) {
      int used = grants.stream().mapToInt(grant -> grant.mode().permits()).sum();
      if (used > record.kind().permits()) {
        violated(name, "more permits than there are", record);
      }
      return;
    }
    boolean exclusive = grants.stream().anyMatch(grant -> grant.mode().isExclusive());
    if (exclusive && grants.size() > 1) {
      violated(name, "an exclusive grant beside another", record);
    }
  }

  private static boolean joins(Grant grant, LockRecord before) {
    return grant.mode().isShared()
        && before.grants().stream()
            .anyMatch(known -> known.mode().isShared() && known.id() == grant.id());
  }

  /** A new exclusive grant has the largest id so far, a new shared one that of its phase. */
  private void larger(String name, Grant grant) {
    if (grant.mode().type() == Mode.Type.PERMITS) {
      return;
    }
    long largest = largestId.getOrDefault(name, 0L);
    if (grant.mode().isExclusive() ? grant.id() <= largest : grant.id() < largest) {
      simulator.violated(name + ": id of " + grant + " is not above " + largest, null);
    }
    largestId.put(name, Math.max(largest, grant.id()));
  }

  /** Nobody gets the lock before somebody who waits for longer. */
  private void order(String name, LockRecord before, LockRecord after) {
    Set<RequestId> granted = granted(before, after);
    if (granted.isEmpty()) {
      return;
    }
    Set<RequestId> still = new HashSet<>();
    after.queue().forEach(waiter -> still.add(waiter.request()));
    boolean readWrite = after.kind().type() == LockKind.Type.READ_WRITE;
    boolean waits = false;
    for (Waiter waiter : before.queue()) {
      boolean counts = !readWrite || waiter.mode().isExclusive();
      if (granted.remove(waiter.request())) {
        if (waits && counts) {
          violated(name, waiter + " overtook an older waiter", after);
        }
      } else {
        waits |= counts && still.contains(waiter.request());
      }
    }
    // What is left of the granted came without queueing.
    if (waits && !granted.isEmpty()) {
      violated(name, granted + " were granted past the queue", after);
    }
  }

  private static Set<RequestId> granted(LockRecord before, LockRecord after) {
    Set<RequestId> granted = new HashSet<>();
    for (Grant grant : after.grants()) {
      if (before.grant(grant.request()).isEmpty()) {
        granted.add(grant.request());
      }
    }
    return granted;
  }

  /**
   * Whether a reader has been let past writers that still wait, while others read: that is no phase
   * of its own, but the way out of a deadlock.
   */
  private boolean isLetPast(Grant grant, LockRecord before, LockRecord after) {
    boolean reading =
        !before.grants().isEmpty()
            && before.grants().stream().allMatch(known -> known.mode().isShared());
    if (!reading || before.waiter(grant.request()).isEmpty()) {
      return false;
    }
    boolean past =
        before.queue().stream()
            .takeWhile(ahead -> !ahead.request().equals(grant.request()))
            .filter(ahead -> ahead.mode().isExclusive())
            .anyMatch(ahead -> after.waiter(ahead.request()).isPresent());
    if (past) {
      coverage.count("record: a reader was let past");
    }
    return past;
  }

  /**
   * Phase-fair: a reader lets one writer pass, a writer one read phase for each writer ahead, and
   * one more for each reader that is upgraded past the queue.
   */
  private void turns(String name, LockRecord before, LockRecord after) {
    int writersAhead = 1;
    boolean readersCame = false;
    boolean writerCame = false;
    boolean upgraded = false;
    for (Grant grant : after.grants()) {
      Optional<Grant> known = before.grant(grant.request());
      upgraded |=
          grant.mode().isExclusive() && known.filter(was -> was.mode().isShared()).isPresent();
      if (known.isEmpty()) {
        readersCame |= grant.mode().isShared() && !isLetPast(grant, before, after);
        writerCame |= grant.mode().isExclusive();
      }
    }
    Map<RequestId, Patience> waiting = new HashMap<>();
    for (Waiter waiter : after.queue()) {
      int bound = waiter.mode().isExclusive() ? writersAhead : 1;
      Patience known = patience.get(waiter.request());
      Patience mine = known != null ? known : new Patience(bound);
      if (upgraded && waiter.mode().isExclusive()) {
        mine.bound++;
      }
      if (known != null && (waiter.mode().isExclusive() ? readersCame : writerCame)) {
        mine.passed++;
        coverage.count("record: a phase passed a waiter");
        if (mine.passed > mine.bound) {
          violated(name, waiter + " let " + mine.passed + " phases pass", after);
        }
      }
      waiting.put(waiter.request(), mine);
      writersAhead += waiter.mode().isExclusive() ? 1 : 0;
    }
    before.queue().forEach(waiter -> patience.remove(waiter.request()));
    patience.putAll(waiting);
  }
}
