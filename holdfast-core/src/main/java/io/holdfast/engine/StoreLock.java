package io.holdfast.engine;

import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordUpdate.Task;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.Waiter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One lock as one session sees it: what the session has asked for, and the work that is to be done.
 * It exists as long as there is either.
 *
 * <p>Work is done one step at a time, in whichever thread completed the step before: commands in
 * the order of submission, then a look if one is wanted. Wake-ups only count; however many come
 * while a step runs, they lead to one look, and a command that succeeds after a wake-up has seen
 * the record itself and needs none.
 *
 * <p>After every step the record is compared with what is known here, and the differences are the
 * session's events. That is why no event is ever lost for good. The other direction too: a grant or
 * waiter of this session that is not known here is the late effect of a write that went unanswered.
 * Nobody will ever ask for it or give it back, so it is withdrawn at once.
 */
final class StoreLock {

  /** What the session knows of a request. */
  private enum Phase {
    /** Submitted, and the answer is still unknown. */
    ASKED,
    QUEUED,
    /** Queued until a holder declines. */
    TRYING,
    GRANTED
  }

  /**
   * Work to be done.
   *
   * @param command {@code null} for a look
   * @param poll whether the look also checks whether those that matter are alive
   * @param reply completed with the answer
   */
  private record Step(@Nullable Command command, boolean poll, CompletableFuture<Reply> reply) {}

  private final StoreSession session;
  private final String name;
  private final WaitPoll poll;

  // Guarded by this.
  private final Deque<Step> pending = new ArrayDeque<>(2);
  private @Nullable Step running;
  private boolean busy;
  private boolean retired;
  private boolean pollWanted;

  /** Wake-ups so far, and how many of them are covered by what was seen of the record. */
  private int wakes;

  private int covered;

  // Confined to the running step; handed on under the monitor.
  private final Map<RequestId, Phase> known = new HashMap<>(2);
  private Stored belief = Stored.ABSENT;
  private int ahead;

  /** A lock that the session knows nothing of. */
  StoreLock(StoreSession session, String name) {
    this.session = session;
    this.name = name;
    this.poll = new WaitPoll(session.engine(), this::poll);
  }

  StoreSession session() {
    return session;
  }

  /**
   * Adds a command behind those that are pending. One that is pending already is not done twice:
   * who repeats it because the store is slow must not make it slower.
   *
   * @return false if this object is out of use: get another one
   */
  boolean submit(Command command, CompletableFuture<Reply> reply) {
    Step known;
    synchronized (this) {
      if (retired) {
        return false;
      }
      known = known(command);
      if (known == null) {
        pending.add(new Step(command, false, reply));
      }
    }
    if (known == null) {
      run();
    } else {
      Calls.call(known::reply, reply::complete, reply::completeExceptionally);
    }
    return true;
  }

  private @Nullable Step known(Command command) {
    if (running != null && !running.reply().isDone() && command.equals(running.command())) {
      return running;
    }
    for (Step step : pending) {
      if (command.equals(step.command())) {
        return step;
      }
    }
    return null;
  }

  /**
   * Asks for a look at the record.
   *
   * @return false if this object is out of use: get another one
   */
  boolean wake() {
    synchronized (this) {
      if (retired) {
        return false;
      }
      wakes++;
    }
    run();
    return true;
  }

  private void poll() {
    synchronized (this) {
      pollWanted = !retired;
    }
    run();
  }

  /**
   * Ends everything that the session has here, in the record too.
   *
   * @return completes when that is done or has failed
   */
  CompletableFuture<Reply> releaseAll() {
    List<Step> dropped;
    CompletableFuture<Reply> released = new CompletableFuture<>();
    synchronized (this) {
      if (retired) {
        return CompletableFuture.completedFuture(new Reply.Done());
      }
      dropped = List.copyOf(pending);
      pending.clear();
      pending.add(new Step(new Command.Expire(session.id()), false, released));
    }
    poll.end();
    dropped.forEach(step -> step.reply().completeExceptionally(session.ended()));
    run();
    return released;
  }

  /** Drops everything, because the session is gone. */
  void abandon() {
    List<Step> dropped = new ArrayList<>();
    synchronized (this) {
      if (running != null) {
        dropped.add(running);
      }
      dropped.addAll(pending);
      pending.clear();
    }
    poll.end();
    dropped.forEach(step -> step.reply().completeExceptionally(session.ended()));
  }

  /**
   * The session's requests in a record that nobody here knows. Called within a step.
   *
   * <p>The request of a running acquire is known from before its first write on.
   */
  List<RequestId> strays(LockRecord record) {
    List<RequestId> strays = new ArrayList<>(0);
    for (Grant grant : record.grants()) {
      addStray(grant.request(), strays);
    }
    for (Waiter waiter : record.queue()) {
      addStray(waiter.request(), strays);
    }
    return strays;
  }

  private void addStray(RequestId request, List<RequestId> strays) {
    if (request.session() == session.id() && !known.containsKey(request)) {
      strays.add(request);
    }
  }

  /** Does what there is to do, unless somebody is at it. A loop, so that the stack stays flat. */
  private void run() {
    synchronized (this) {
      if (busy) {
        return;
      }
      busy = true;
    }
    for (Step step = next(); step != null; step = next()) {
      CompletableFuture<Void> done = perform(step);
      if (!done.isDone()) {
        Calls.after(done, this::resume);
        return;
      }
    }
  }

  private void resume() {
    synchronized (this) {
      busy = false;
    }
    run();
  }

  private synchronized @Nullable Step next() {
    running = pending.poll();
    if (running == null && (pollWanted || wakes != covered)) {
      running = new Step(null, pollWanted, new CompletableFuture<>());
      pollWanted = false;
    }
    if (running == null) {
      busy = false;
      if (known.isEmpty()) {
        retired = true;
        session.forget(name, this);
      }
    }
    return running;
  }

  private CompletableFuture<Void> perform(Step step) {
    int wakesBefore;
    synchronized (this) {
      wakesBefore = wakes;
    }
    boolean newRequest =
        step.command() instanceof Command.Acquire acquire
            && known.putIfAbsent(acquire.request(), Phase.ASKED) == null;
    return RecordUpdate.run(
            session.engine(), name, belief, new Task(step.command(), step.poll(), this))
        .handle(
            (result, failure) -> {
              if (failure == null) {
                cover(wakesBefore);
                succeed(step, result);
              } else {
                if (step.command() == null) {
                  cover(wakesBefore);
                  session.lookLater(name);
                }
                fail(step, newRequest, Calls.cause(failure));
              }
              boolean waits =
                  known.containsValue(Phase.QUEUED) || known.containsValue(Phase.TRYING);
              poll.follow(waits, ahead);
              return (Void) null;
            })
        .exceptionally(
            bug -> {
              step.reply().completeExceptionally(bug);
              return null;
            });
  }

  private synchronized void cover(int wakesBefore) {
    covered = wakesBefore;
  }

  private void succeed(Step step, RecordUpdate.Result result) {
    belief = result.stored();
    ahead = result.record() == null ? 0 : QueuePlace.ahead(result.record(), session.id());
    note(step.command(), result.reply());
    List<Event> events = compare(result.record());
    step.reply().complete(result.reply());
    session.tell(name, events);
    if (step.poll() && result.record() != null) {
      nudge(result.record());
    }
  }

  private void fail(Step step, boolean newRequest, Throwable failure) {
    belief = Stored.ABSENT;
    if (newRequest
        && !(failure instanceof OutcomeUnknownException)
        && step.command() instanceof Command.Acquire acquire) {
      known.remove(acquire.request());
    }
    step.reply().completeExceptionally(failure);
  }

  /** Keeps what a reply says about a request. */
  private void note(@Nullable Command command, Reply reply) {
    if (command instanceof Command.Acquire acquire) {
      if (reply instanceof Reply.Granted) {
        known.put(acquire.request(), Phase.GRANTED);
      } else if (reply instanceof Reply.Queued) {
        boolean tries = acquire.patience() == Command.Patience.TRY;
        known.put(acquire.request(), tries ? Phase.TRYING : Phase.QUEUED);
      } else {
        known.remove(acquire.request());
      }
    } else if (command instanceof Command.Release release) {
      // A release of what still waits does nothing (SPEC 2.4), so the waiter stays known.
      known.computeIfPresent(
          release.request(), (request, phase) -> phase == Phase.GRANTED ? null : phase);
    } else if (command instanceof Command.Cancel cancel) {
      known.remove(cancel.request());
    } else if (command instanceof Command.Expire) {
      known.clear();
    }
  }

  /** What the record tells about the known requests. */
  private List<Event> compare(@Nullable LockRecord record) {
    List<Event> events = new ArrayList<>(0);
    boolean vanished = false;
    Iterator<Map.Entry<RequestId, Phase>> requests = known.entrySet().iterator();
    while (requests.hasNext()) {
      Map.Entry<RequestId, Phase> entry = requests.next();
      RequestId request = entry.getKey();
      Optional<Grant> grant = record == null ? Optional.empty() : record.grant(request);
      Optional<Waiter> waiter = record == null ? Optional.empty() : record.waiter(request);
      if (record != null && grant.isPresent()) {
        if (entry.setValue(Phase.GRANTED) != Phase.GRANTED) {
          events.add(new Event.Granted(request, grant.get().id()));
        }
        record.revoke(grant.get()).ifPresent(events::add);
      } else if (waiter.isPresent()) {
        entry.setValue(waiter.get().tryOnly() ? Phase.TRYING : Phase.QUEUED);
      } else if (entry.getValue() == Phase.TRYING) {
        requests.remove();
        events.add(new Event.Rejected(request, Reply.Reason.BUSY));
      } else if (entry.getValue() != Phase.ASKED) {
        // A grant, or a waiter that had become one in between, was ended by somebody else.
        requests.remove();
        events.add(new Event.Ended(request));
        vanished = true;
      }
    }
    if (vanished) {
      session.checkLife();
    }
    return events;
  }

  /** Reminds the holders, if the first waiter is ours: one reminder is enough for all waiters. */
  private void nudge(LockRecord record) {
    if (record.queue().isEmpty()) {
      return;
    }
    Waiter head = record.queue().get(0);
    if (head.request().session() != session.id() || !poll.nudgeDue()) {
      return;
    }
    Set<Long> holders = new HashSet<>();
    for (Grant grant : record.grants()) {
      if (grant.mode().isInTheWayOf(head.mode())) {
        holders.add(grant.request().session());
      }
    }
    holders.remove(session.id());
    session.engine().wake(holders, name);
  }
}
