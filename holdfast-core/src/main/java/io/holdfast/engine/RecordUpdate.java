package io.holdfast.engine;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.LockRules;
import io.holdfast.rules.RecordCodec;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.Transition;
import io.holdfast.rules.UnknownFormatException;
import io.holdfast.rules.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One change of one record: the rules, applied with compare-and-set until they have had their way.
 *
 * <p>It begins with what is believed of the record and asks the store only when that does not do:
 *
 * <pre>
 *   plan := rules(believed, command)
 *   plan changes nothing, belief not verified   → read, plan again
 *   plan makes the caller wait or turns him away → drop the dead who matter, plan again
 *   plan changes the record                     → write; a lost race returns the record: plan again
 *   write unanswered                            → read, plan again: commands are idempotent
 * </pre>
 *
 * <p>So an uncontended acquire or release is one write, and an answer that rests on a stale belief
 * is never given: either a write proves the belief or a read does. Only whoever joins a queue
 * believes that those live who did a moment ago ({@link Sightings}).
 *
 * <p>A write that was not answered may still take effect later. Applying the command again is safe,
 * because both writes expect the same version. Only where that version is "no record" can the old
 * one come back when the lock is at rest again, as a grant that nobody waits for; {@link StoreLock}
 * withdraws it.
 *
 * <p>Runs in one thread at a time: every step is started by the completion of the one before.
 */
final class RecordUpdate {

  /** How many lost races are answered at once; after that, contenders are spread over time. */
  private static final int QUICK_RETRIES = 3;

  /** The longest pause between two attempts after lost races, as a power of two milliseconds. */
  private static final int PAUSE_BITS = 5;

  private static final int ACQUIRE_PAUSE_BITS = 7;

  /** Reads in a row that may fail while it is unknown whether a write took effect. */
  private static final int DOUBT_READS = 3;

  /** Unanswered writes before the doubt is passed on. */
  private static final int DOUBT_WRITES = 4;

  private static final int DOUBT_PAUSE_MILLIS = 50;

  /**
   * What is to be done.
   *
   * @param command {@code null} to look and to clean up only
   * @param checksLife whether the sessions in the record are checked in any case: all of them for
   *     an operator, those that matter to it for a waiter
   * @param lock on whose behalf; {@code null} for an operator
   */
  record Task(@Nullable Command command, boolean checksLife, @Nullable StoreLock lock) {}

  /**
   * What has become of it.
   *
   * @param stored the record as it was at some moment during the update
   * @param record the same, decoded
   * @param reply the rules' answer; {@link Reply.Done} if there was no command
   * @param doubted whether a write went unanswered on the way
   */
  record Result(Stored stored, @Nullable LockRecord record, Reply reply, boolean doubted) {}

  private final StoreEngine engine;
  private final String name;
  private final Task task;
  private final CompletableFuture<Result> result = new CompletableFuture<>();

  /** Sessions that have been looked up, dead or alive, in this update. */
  private final Set<Long> checked = new HashSet<>();

  private final Set<Long> dead = new HashSet<>();

  private Stored believed;
  private boolean verified;
  private int racesLost;
  private int unanswered;
  private int readsFailed;

  private RecordUpdate(StoreEngine engine, String name, Stored believed, Task task) {
    this.engine = engine;
    this.name = name;
    this.believed = believed;
    this.task = task;
  }

  /**
   * Begins an update.
   *
   * @param believed the record as last seen, maybe stale
   * @return as {@link EngineSession#submit}, never wrapped
   */
  static CompletableFuture<Result> run(
      StoreEngine engine, String name, Stored believed, Task task) {
    RecordUpdate update = new RecordUpdate(engine, name, believed, task);
    if (task.command() == null) {
      update.read();
    } else {
      update.proceed();
    }
    return update.result;
  }

  /** The record as stored, decoded; {@code null} if the lock is at rest. */
  static @Nullable LockRecord decode(String name, Stored stored) {
    byte[] bytes = stored.bytes();
    if (bytes == null) {
      return null;
    }
    try {
      return RecordCodec.decode(bytes, stored.version());
    } catch (UnknownFormatException newer) {
      LockRefusedException refused =
          new LockRefusedException("lock " + name + " is left untouched: " + newer.getMessage());
      refused.initCause(newer);
      throw refused;
    }
  }

  /** The sessions of all grants and waiters. */
  static Set<Long> sessions(LockRecord record) {
    Set<Long> sessions = new HashSet<>();
    for (Grant grant : record.grants()) {
      sessions.add(grant.request().session());
    }
    for (Waiter waiter : record.queue()) {
      sessions.add(waiter.request().session());
    }
    return sessions;
  }

  private void proceed() {
    try {
      RuntimeException refusal = refusal();
      if (refusal != null) {
        fail(refusal);
        return;
      }
      Transition plan = plan(decode(name, believed));
      if (!plan.changed() && !verified) {
        read();
        return;
      }
      Set<Long> unchecked = unchecked(plan);
      if (!unchecked.isEmpty()) {
        checkLife(unchecked);
      } else if (plan.changed()) {
        write(plan);
      } else {
        finish(believed, plan);
      }
    } catch (RuntimeException broken) {
      fail(broken);
    }
  }

  private @Nullable RuntimeException refusal() {
    RuntimeException stopped = engine.stopped();
    StoreLock lock = task.lock();
    return stopped != null || lock == null ? stopped : lock.session().refusal(task.command());
  }

  /** Clean-up first, then the command: all in one step, and so in one write. */
  private Transition plan(@Nullable LockRecord record) {
    List<Command> commands = new ArrayList<>();
    StoreLock lock = task.lock();
    if (record != null && lock != null) {
      for (RequestId stray : lock.strays(record)) {
        commands.add(new Command.Cancel(stray));
      }
    }
    if (record != null && !dead.isEmpty()) {
      Set<Long> present = sessions(record);
      dead.stream().filter(present::contains).forEach(s -> commands.add(new Command.Expire(s)));
    }
    Command own = task.command();
    if (own != null) {
      commands.add(own);
    }
    return apply(record, commands);
  }

  private Transition apply(@Nullable LockRecord before, List<Command> commands) {
    long now = engine.environment().ticker().epochMillis();
    Transition all = new Transition(before, new Reply.Done(), List.of(), false);
    List<Event> events = new ArrayList<>();
    for (Command command : commands) {
      Transition step;
      try {
        step = LockRules.apply(all.record(), command, now);
      } catch (IllegalStateException broken) {
        throw engine.stop(name, broken);
      }
      events.addAll(step.events());
      all = new Transition(step.record(), step.reply(), events, all.changed() || step.changed());
    }
    return all;
  }

  /** The sessions that must be known to live before the plan may be carried out. */
  private Set<Long> unchecked(Transition plan) {
    LockRecord record = plan.record();
    boolean turnedAway =
        plan.reply() instanceof Reply.Rejected rejected
            && rejected.reason() != Reply.Reason.NOT_HELD;
    boolean checks = turnedAway || task.checksLife() || plan.reply() instanceof Reply.Queued;
    if (record == null || !checks) {
      return Set.of();
    }
    StoreLock lock = task.lock();
    // The dead come in crowds. Whoever finds one looks at all, and one write drops them all.
    Set<Long> sessions =
        lock == null || turnedAway || !dead.isEmpty()
            ? sessions(record)
            : QueuePlace.watched(record, lock.session().id());
    if (lock != null) {
      if (task.checksLife()) {
        sessions.add(lock.session().id());
      } else {
        sessions.remove(lock.session().id());
      }
    }
    sessions.removeAll(checked);
    if (!turnedAway && !task.checksLife() && dead.isEmpty()) {
      engine.sightings().removeFrom(sessions);
    }
    return sessions;
  }

  private void checkLife(Set<Long> sessions) {
    long asked = engine.sightings().now();
    Calls.call(
        () -> engine.store().findDead(sessions),
        found -> {
          checked.addAll(sessions);
          dead.addAll(found);
          Set<Long> alive = new HashSet<>(sessions);
          alive.removeAll(found);
          engine.sightings().add(alive, asked);
          StoreLock lock = task.lock();
          if (lock != null && found.contains(lock.session().id())) {
            lock.session().expire();
          }
          proceed();
        },
        this::failLooking);
  }

  private void read() {
    Calls.call(
        () -> engine.store().read(name),
        current -> {
          believed = current;
          verified = true;
          readsFailed = 0;
          proceed();
        },
        failure -> {
          if (unanswered > 0 && ++readsFailed < DOUBT_READS) {
            later(DOUBT_PAUSE_MILLIS << readsFailed, this::read);
          } else {
            failLooking(failure);
          }
        });
  }

  private void write(Transition plan) {
    LockRecord next = plan.record();
    byte[] bytes = next == null ? null : RecordCodec.encode(next);
    Set<Long> addressed = addressed(plan.events());
    Set<Long> here = engine.local(addressed);
    addressed.removeAll(here);
    long expected = believed.bytes() == null ? 0 : believed.version();
    Write write = new Write(name, expected, bytes, addressed);
    Calls.call(
        () -> engine.store().compareAndSet(write),
        outcome -> written(plan, outcome, here),
        this::failWriting);
  }

  private void written(Transition plan, Outcome outcome, Set<Long> here) {
    if (outcome.written()) {
      finish(outcome.current(), plan.resolved(outcome.current().version()));
      engine.wakeLocal(here, name);
      return;
    }
    believed = outcome.current();
    verified = true;
    if (++racesLost <= QUICK_RETRIES) {
      proceed();
    } else {
      // What was seen before the pause is stale after it.
      later(1 << Math.min(racesLost - QUICK_RETRIES, longestPause()), this::read);
    }
  }

  /** A crowd that arrives has time; whoever gives a lock back keeps all of them waiting. */
  private int longestPause() {
    return task.command() instanceof Command.Acquire ? ACQUIRE_PAUSE_BITS : PAUSE_BITS;
  }

  /** Whom the events are for: neither the dead, nor the caller, who sees the record himself. */
  private Set<Long> addressed(List<Event> events) {
    Set<Long> sessions = new HashSet<>();
    for (Event event : events) {
      sessions.add(event.request().session());
    }
    sessions.removeAll(dead);
    StoreLock lock = task.lock();
    if (lock != null) {
      sessions.remove(lock.session().id());
    }
    return sessions;
  }

  private void failWriting(Throwable failure) {
    if (failure instanceof EngineUnavailableException
        || failure instanceof LockRefusedException
        || failure instanceof SessionEndedException) {
      fail(failure);
      return;
    }
    // OutcomeUnknownException, or anything that a store should not throw: believe nothing.
    StoreLock lock = task.lock();
    if (unanswered == 0 && lock != null) {
      lock.session().lookLater(name);
    }
    if (++unanswered < DOUBT_WRITES) {
      read();
    } else {
      fail(failure);
    }
  }

  /** A read or a check failed: of this command nothing happened, unless an earlier write did. */
  private void failLooking(Throwable failure) {
    boolean clear =
        failure instanceof EngineUnavailableException
            || failure instanceof LockRefusedException
            || failure instanceof SessionEndedException;
    fail(
        clear
            ? failure
            : new EngineUnavailableException(
                "could not look at lock " + name + ": " + failure + "; check the store, then retry",
                failure));
  }

  private void fail(Throwable failure) {
    boolean doubtful = unanswered > 0 && !(failure instanceof SessionEndedException);
    result.completeExceptionally(
        doubtful && !(failure instanceof OutcomeUnknownException)
            ? new OutcomeUnknownException(
                "a change of lock "
                    + name
                    + " was sent and not answered, and then: "
                    + failure.getMessage()
                    + "; send the same command again, or cancel the request",
                failure)
            : failure);
  }

  private void finish(Stored stored, Transition done) {
    result.complete(new Result(stored, done.record(), done.reply(), unanswered > 0));
  }

  /** Continues within about the given time, at random, so that contenders do not meet again. */
  private void later(int millis, Runnable next) {
    long nanos = Duration.ofMillis(millis).toNanos();
    long delay = nanos / 2 + engine.environment().random().nextLong(nanos);
    engine.environment().scheduler().schedule(next, Duration.ofNanos(delay));
  }
}
