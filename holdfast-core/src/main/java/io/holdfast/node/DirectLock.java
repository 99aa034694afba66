package io.holdfast.node;

import io.holdfast.LockOptions;
import io.holdfast.Loss;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.node.LocalWaits.Holder;
import io.holdfast.node.LocalWaits.Kept;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A local lock that asks the engine for every acquisition, so that one global order of arrival
 * holds over all owners of all nodes: strictly fair locks, and semaphores. It retains nothing.
 *
 * <p>A semaphore is not reentrant: each acquisition of permits is a hold of its own, told apart by
 * its owner, which is a fresh object then.
 */
final class DirectLock extends LocalLock {

  /** One acquisition: asked for, then held. */
  private static final class Holding {
    final LocalWaiter waiter;
    final Ask ask;
    int count;
    @Nullable List<Consumer<Loss>> listeners;
    @Nullable Cancellable limit;

    Holding(LocalWaiter waiter, Ask ask) {
      this.waiter = waiter;
      this.ask = ask;
    }

    long token() {
      return Tokens.first(ask.id);
    }
  }

  /** What was asked for and is not held yet, in order of arrival, by request number. */
  private final Map<Long, Holding> asked = new LinkedHashMap<>();

  /** The waiters of {@link #asked}. */
  private final Set<LocalWaiter> asking = new HashSet<>();

  private final Map<Object, Holding> exclusive = new LinkedHashMap<>(1);
  private final Map<Object, Holding> shared = new LinkedHashMap<>(1);

  DirectLock(String name, LockKind kind, LockOptions options, NodeContext node) {
    super(name, kind, options, node);
  }

  private Map<Object, Holding> holds(Mode mode) {
    return mode.isShared() ? shared : exclusive;
  }

  @Override
  long enter(Object owner, Mode mode) {
    Holding held = holds(mode).get(owner);
    if (held == null) {
      Holding written = exclusive.get(owner);
      return mode.isShared() && written != null ? readUnder(owner, written) : NOT_GRANTED;
    }
    if (held.count == Integer.MAX_VALUE) {
      throw new Error("Maximum lock count exceeded");
    }
    held.count++;
    return held.token();
  }

  /** A writer reads: one grant carries both holds, until the first of them ends. */
  private long readUnder(Object owner, Holding written) {
    Holding read = new Holding(written.waiter, written.ask);
    read.count = 1;
    read.limit = limitHold(owner, Mode.SHARED, read.token());
    shared.put(owner, read);
    return read.token();
  }

  @Override
  boolean wouldUpgrade(Object owner, Mode mode) {
    return mode.isExclusive() && shared.containsKey(owner) && !exclusive.containsKey(owner);
  }

  @Override
  boolean mayTry(Mode mode) {
    boolean beside = !mode.isExclusive() && exclusive.isEmpty();
    return queue.isEmpty() && (kind.type() == LockKind.Type.SEMAPHORE || beside || isIdle());
  }

  private boolean isIdle() {
    return exclusive.isEmpty() && shared.isEmpty();
  }

  @Override
  long retry(LocalWaiter waiter) {
    return NOT_GRANTED;
  }

  @Override
  void onRemoved() {}

  @Override
  void settle() {
    if (node.keeper().isProven()) {
      asked.values().stream()
          .filter(holding -> holding.ask.granted())
          .toList()
          .forEach(this::handOut);
    }
    EngineSession session = node.keeper().session();
    List<Holding> unwanted =
        asked.values().stream()
            .filter(
                holding ->
                    holding.waiter.state() == LocalWaiter.State.GONE
                        || holding.waiter.state() == LocalWaiter.State.FAILED)
            .toList();
    for (Holding holding : unwanted) {
      forget(holding);
      end(holding.ask, new Command.Cancel(holding.ask.request));
    }
    if (session != null) {
      for (LocalWaiter waiter : queue) {
        if (!asking.contains(waiter)) {
          submit(session, waiter);
        }
      }
    }
    if (asked.isEmpty() && queue.isEmpty() && isIdle()) {
      node.active().remove(name, this);
    }
  }

  private void forget(Holding holding) {
    asked.remove(holding.ask.request.number());
    asking.remove(holding.waiter);
  }

  private void submit(EngineSession session, LocalWaiter waiter) {
    Ask ask =
        new Ask(
            session, node.keeper().nextRequest(session), waiter.mode, waiter.tryOnly, node.now());
    Holding holding = new Holding(waiter, ask);
    asked.put(ask.request.number(), holding);
    asking.add(waiter);
    Command acquire =
        new Command.Acquire(
            ask.request,
            kind,
            waiter.mode,
            label(waiter.owner),
            false,
            waiter.tryOnly ? Command.Patience.TRY : Command.Patience.QUEUE);
    send(ask, acquire, id -> onGranted(holding, id), rejected -> onRejected(holding, rejected));
  }

  @Override
  boolean isCurrent(Ask ask) {
    Holding holding = asked.get(ask.request.number());
    return holding != null && holding.ask == ask;
  }

  private void onGranted(Holding holding, long id) {
    if (!isCurrent(holding.ask)) {
      if (!carries(exclusive, holding) && !carries(shared, holding)) {
        // Withdrawn, but a repetition may have overtaken the cancel.
        end(holding.ask, new Command.Cancel(holding.ask.request));
      }
      return;
    }
    holding.ask.id = id;
    // Without a proven lease it is handed out later, or dropped with the session.
    settle();
  }

  private void handOut(Holding holding) {
    forget(holding);
    LocalWaiter waiter = holding.waiter;
    if (!queue.remove(waiter)) {
      end(holding.ask, new Command.Cancel(holding.ask.request));
      return;
    }
    holding.count = 1;
    holding.limit = limitHold(waiter.owner, waiter.mode, holding.token());
    holds(waiter.mode).put(waiter.owner, holding);
    grant(waiter, holding.token());
    letSameOwnerIn(holding);
  }

  /** An owner that is no thread may have asked again while it waited: that is re-entry now. */
  private void letSameOwnerIn(Holding held) {
    List<Holding> again =
        held.waiter.owner instanceof Thread
            ? List.of()
            : asked.values().stream()
                .filter(other -> other.waiter.owner.equals(held.waiter.owner))
                .filter(other -> other.waiter.mode.equals(held.waiter.mode))
                .toList();
    for (Holding other : again) {
      forget(other);
      end(other.ask, new Command.Cancel(other.ask.request));
      if (queue.remove(other.waiter)) {
        held.count++;
        grant(other.waiter, held.token());
      }
    }
  }

  private void onRejected(Holding holding, Reply.Rejected rejected) {
    if (isCurrent(holding.ask)) {
      forget(holding);
      refuse(rejected, waiter -> waiter == holding.waiter);
      settle();
    }
  }

  @Override
  void onRefused(Ask ask, RuntimeException why) {
    Holding holding = asked.get(ask.request.number());
    if (holding != null) {
      forget(holding);
      failWhere(waiter -> waiter == holding.waiter, why);
    }
    settle();
  }

  @Override
  public boolean release(Object owner, Mode mode, long token) {
    guard.lock();
    try {
      Holding held = holds(mode).get(owner);
      if (held == null || held.token() != token) {
        losses.forget(owner);
        return false;
      }
      if (--held.count == 0) {
        holds(mode).remove(owner);
        end(held);
        settle();
      }
    } finally {
      guard.unlock();
      deliver();
    }
    return true;
  }

  private void end(Holding held) {
    if (held.limit != null) {
      held.limit.cancel();
    }
    if (carries(shared, held)) {
      end(held.ask, new Command.Downgrade(held.ask.request));
    } else if (!carries(exclusive, held)) {
      end(held.ask, new Command.Release(held.ask.request));
    }
  }

  /** An owner that reads and writes has one grant for both holds. */
  private static boolean carries(Map<Object, Holding> holds, Holding ended) {
    return holds.values().stream().anyMatch(other -> other.ask.request.equals(ended.ask.request));
  }

  @Override
  public int holdCount(Object owner, Mode mode) {
    guard.lock();
    try {
      Holding held = holds(mode).get(owner);
      return held == null ? 0 : held.count;
    } finally {
      guard.unlock();
    }
  }

  @Override
  public long heldToken(Object owner, Mode mode) {
    guard.lock();
    try {
      Holding held = holds(mode).get(owner);
      return held == null ? NOT_GRANTED : held.token();
    } finally {
      guard.unlock();
    }
  }

  @Override
  boolean isRecorded(Object owner, Mode mode, long token) {
    return heldToken(owner, mode) == token;
  }

  @Override
  void addListener(Object owner, Mode mode, long token, Consumer<Loss> listener) {
    Holding held = holds(mode).get(owner);
    if (held != null) {
      if (held.listeners == null) {
        held.listeners = new ArrayList<>(1);
      }
      held.listeners.add(listener);
    }
  }

  @Override
  void lose(Object owner, Mode mode, long token, Loss.Cause cause) {
    Holding held = holds(mode).remove(owner);
    if (held != null) {
      tellLoss(owner, held.token(), cause, held.listeners);
      end(held);
    }
  }

  @Override
  public void tryUpgrade(Object owner, CompletableFuture<Long> answer) {
    guard.lock();
    try {
      Holding held = shared.get(owner);
      if (held == null || shared.size() > 1 || !exclusive.isEmpty()) {
        answer(owner, NOT_GRANTED, answer);
        return;
      }
      send(
          held.ask,
          new Command.Upgrade(held.ask.request),
          id -> onUpgraded(owner, held, id, answer),
          rejected -> answer(owner, NOT_GRANTED, answer));
    } finally {
      guard.unlock();
      deliver();
    }
  }

  private void onUpgraded(Object owner, Holding held, long id, CompletableFuture<Long> answer) {
    if (shared.get(owner) != held) {
      answer(owner, NOT_GRANTED, answer);
    } else if (answer.isDone()) {
      end(held.ask, new Command.Downgrade(held.ask.request));
    } else {
      Ask write =
          new Ask(held.ask.session, held.ask.request, Mode.EXCLUSIVE, false, held.ask.askedAt);
      write.id = id;
      Holding upgraded = new Holding(held.waiter, write);
      upgraded.count = 1;
      exclusive.put(owner, upgraded);
      answer(owner, upgraded.token(), answer);
    }
  }

  /**
   * Not those of permits: nobody waits for a certain one of them. The engine has the whole of it.
   */
  @Override
  List<Holder> holders() {
    if (kind.type() == LockKind.Type.SEMAPHORE) {
      return List.of();
    }
    List<Holder> holders = new ArrayList<>();
    for (Mode mode : List.of(Mode.EXCLUSIVE, Mode.SHARED)) {
      holds(mode).forEach((owner, held) -> holders.add(new Holder(owner, mode, held.token())));
    }
    return holders;
  }

  @Override
  List<Ask> asks(LocalWaiter waiter) {
    Ask ask = askOf(waiter);
    return ask == null || ask.granted() ? List.of() : List.of(ask);
  }

  /** Whose turn it is, the engine decides here; see {@link Command.Pass}. */
  @Override
  List<LocalWaiter> passable(LocalWaiter waiter) {
    return List.of();
  }

  @Override
  void pass(LocalWaiter waiter) {
    throw new IllegalStateException("nobody is passable in lock " + name);
  }

  @Override
  List<Kept> keptGrants() {
    List<Kept> kept = new ArrayList<>();
    if (!isWatched()) {
      return kept;
    }
    for (Mode mode : List.of(Mode.EXCLUSIVE, Mode.SHARED)) {
      holds(mode)
          .forEach(
              (owner, held) ->
                  kept.add(new Kept(held.ask, List.of(new Holder(owner, mode, held.token())))));
    }
    return kept;
  }

  @Override
  @Nullable Throwable engineTrouble(LocalWaiter waiter) {
    return trouble(askOf(waiter));
  }

  private @Nullable Ask askOf(LocalWaiter waiter) {
    return asked.values().stream()
        .filter(holding -> holding.waiter == waiter)
        .map(holding -> holding.ask)
        .findFirst()
        .orElse(null);
  }

  @Override
  public void onEvent(Event event) {
    guard.lock();
    try {
      Holding waiting = asked.get(event.request().number());
      if (waiting != null && waiting.ask.request.equals(event.request())) {
        if (event instanceof Event.Granted granted) {
          waiting.ask.answered = true;
          onGranted(waiting, granted.id());
        } else if (event instanceof Event.Rejected rejected) {
          onRejected(waiting, new Reply.Rejected(rejected.reason(), kind));
        } else if (event instanceof Event.Ended) {
          // Its place in the queue is gone; the waiter asks again.
          forget(waiting);
          settle();
        } else if (event instanceof Event.Revoke) {
          // It has overtaken the news that the request is granted.
          waiting.ask.revoked = true;
        }
      } else if (event instanceof Event.Ended) {
        loseWhere(event, Loss.Cause.FORCED);
      } else if (event instanceof Event.Revoke) {
        onRevoked(event);
      } else if (!isHeldBy(event)) {
        node.endUnknown(name, event, outbox);
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  /** Its owners give it back when they are done; that others wait only matters in a deadlock. */
  private void onRevoked(Event event) {
    List<Holding> held = heldBy(event);
    held.forEach(holding -> holding.ask.revoked = true);
    if (held.isEmpty()) {
      node.endUnknown(name, event, outbox);
    } else {
      node.watch().onRevoked();
    }
  }

  private boolean isHeldBy(Event event) {
    return !heldBy(event).isEmpty();
  }

  private List<Holding> heldBy(Event event) {
    return Stream.concat(exclusive.values().stream(), shared.values().stream())
        .filter(held -> isAbout(event, held))
        .toList();
  }

  private static boolean isAbout(Event event, Holding held) {
    return held.ask.request.equals(event.request());
  }

  private void loseWhere(Event event, Loss.Cause cause) {
    for (Mode mode : List.of(Mode.EXCLUSIVE, Mode.SHARED)) {
      for (Map.Entry<Object, Holding> held : List.copyOf(holds(mode).entrySet())) {
        if (isAbout(event, held.getValue())) {
          lose(held.getKey(), mode, held.getValue().token(), cause);
        }
      }
    }
    settle();
  }

  @Override
  void loseHolds(Loss.Cause cause) {
    for (Mode mode : List.of(Mode.EXCLUSIVE, Mode.SHARED)) {
      for (Map.Entry<Object, Holding> held : List.copyOf(holds(mode).entrySet())) {
        lose(held.getKey(), mode, held.getValue().token(), cause);
      }
    }
  }

  @Override
  void loseGrants(Loss.Cause cause) {
    loseHolds(cause);
    asked.clear();
    asking.clear();
  }

  @Override
  public void releaseIdle(long usedBefore) {
    // It retains nothing.
  }
}
