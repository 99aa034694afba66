package io.holdfast.node;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockKindMismatchException;
import io.holdfast.LockOptions;
import io.holdfast.LockRefusedException;
import io.holdfast.Loss;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.engine.Outbox;
import io.holdfast.node.LocalWaits.Blockers;
import io.holdfast.node.LocalWaits.Holder;
import io.holdfast.node.LocalWaits.Kept;
import io.holdfast.node.LocalWaits.Wait;
import io.holdfast.rules.Command;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRules;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A node's lock in front of a distributed one: who of this node holds it, who waits, and what was
 * asked of the engine. An owner is a {@link Thread} or an {@link io.holdfast.Owner}. Thread-safe.
 *
 * <p>This class has the way of a waiter: in, wait, out. {@link NodeLock} shares one engine grant
 * among the owners of the node; {@link DirectLock} asks the engine for every acquisition.
 *
 * <p>For the maintainer: {@link #guard} protects everything but the fast path of {@link NodeLock}.
 * Nothing blocks and nothing calls the engine or a user under it; such work goes to {@link
 * #outbox}.
 */
public abstract sealed class LocalLock implements Participant permits NodeLock, DirectLock {

  /** Instead of a token: not granted. Tokens are positive. */
  public static final long NOT_GRANTED = 0;

  /** Instead of a number of nanoseconds: as long as it takes. */
  public static final long FOREVER = Long.MAX_VALUE;

  /**
   * How often a thread looks again before it parks, where what it waits for is about to come: some
   * microseconds, less than it takes to park and be woken. Useless if nobody else can run.
   */
  static final int SPINS = Runtime.getRuntime().availableProcessors() > 1 ? 200 : 0;

  final String name;
  final LockKind kind;
  final LockOptions options;
  final NodeContext node;
  final ReentrantLock guard = new ReentrantLock();
  final Outbox outbox = new Outbox();
  final Deque<LocalWaiter> queue = new ArrayDeque<>(1);
  final Losses losses = new Losses();

  LocalLock(String name, LockKind kind, LockOptions options, NodeContext node) {
    this.name = name;
    this.kind = kind;
    this.options = options;
    this.node = node;
  }

  /**
   * Guarded. Enters if that is possible right now: re-entry, or a usable grant and nobody before.
   */
  abstract long enter(Object owner, Mode mode);

  /** Guarded. Whether the owner would wait for its own shared hold. */
  abstract boolean wouldUpgrade(Object owner, Mode mode);

  /** Guarded. A woken waiter tries to overtake nobody and to be overtaken no more. */
  abstract long retry(LocalWaiter waiter);

  /** Guarded. The queue changed: hands out, asks, cancels, gives back. */
  abstract void settle();

  /** Guarded. Who of this node holds the lock. */
  abstract List<Holder> holders();

  /** Guarded. What was asked of the engine on behalf of a waiter, and not granted. */
  abstract List<Ask> asks(LocalWaiter waiter);

  /** Guarded. The writers that a waiting reader could be let past. */
  abstract List<LocalWaiter> passable(LocalWaiter waiter);

  /** Guarded. Lets a reader in beside those who read, past the writers that wait. */
  abstract void pass(LocalWaiter waiter);

  /** Guarded. See {@link #kept()}. */
  abstract List<Kept> keptGrants();

  /** Guarded. Whether a TRY may ask the engine, or the lock is busy inside this node. */
  abstract boolean mayTry(Mode mode);

  /** Guarded. Why a waiter that timed out has not even been queued; {@code null} if it was. */
  abstract @Nullable Throwable engineTrouble(LocalWaiter waiter);

  /**
   * Ends one hold of an owner.
   *
   * @return false if it was not held any more
   */
  public abstract boolean release(Object owner, Mode mode, long token);

  /** How often the owner holds the lock in this mode. */
  public abstract int holdCount(Object owner, Mode mode);

  /** The token of the owner's present hold, or {@link #NOT_GRANTED}. */
  public abstract long heldToken(Object owner, Mode mode);

  /** Whether this node believes that the hold lasts; the lease is not looked at. */
  abstract boolean isRecorded(Object owner, Mode mode, long token);

  /** Guarded. Adds a listener to a recorded hold. */
  abstract void addListener(Object owner, Mode mode, long token, Consumer<Loss> listener);

  /** Guarded. Ends all holds with this owner, mode and token against its will. */
  abstract void lose(Object owner, Mode mode, long token, Loss.Cause cause);

  @Override
  public final String name() {
    return name;
  }

  /** What kind of lock it is. */
  public final LockKind kind() {
    return kind;
  }

  /** How this node treats it. */
  public final LockOptions options() {
    return options;
  }

  /** For how long the node can prove its lease without a further renewal, in nanoseconds. */
  public final long provenNanos() {
    return node.keeper().provenNanos();
  }

  /** Whether a hold can be proven now. */
  public final boolean isHeld(Object owner, Mode mode, long token) {
    // In this order: a hold that is lost while the clock is read may be followed by a new proof.
    return node.keeper().isProven() && isRecorded(owner, mode, token);
  }

  /**
   * Acquires, and parks until that is done.
   *
   * @param nanos how long to wait, zero or more, or {@link #FOREVER}
   * @return the token, or {@link #NOT_GRANTED} when the time is over
   * @throws InterruptedException if the thread is interrupted; nothing is held because of the call
   */
  public long acquire(Object owner, Mode mode, long nanos) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("interrupted before waiting for lock " + name);
    }
    return await(enqueue(owner, mode, false, true), nanos, true);
  }

  /**
   * As {@link #acquire}, but an owner that would wait for its own shared hold gets {@link
   * #NOT_GRANTED} at once, as {@link java.util.concurrent.locks.Lock#tryLock(long,
   * java.util.concurrent.TimeUnit)} has no exception for it.
   */
  public final long acquireUnlessUpgrade(Object owner, Mode mode, long nanos)
      throws InterruptedException {
    guard.lock();
    try {
      if (wouldUpgrade(owner, mode)) {
        return NOT_GRANTED;
      }
    } finally {
      guard.unlock();
    }
    return acquire(owner, mode, nanos);
  }

  /** Acquires without listening to interrupts: {@link java.util.concurrent.locks.Lock#lock()}. */
  public long acquireUninterruptibly(Object owner, Mode mode) {
    return awaitUninterruptibly(enqueue(owner, mode, false, true), FOREVER);
  }

  /**
   * Acquires if nobody uses the lock. Waits at most for an answer of the engine and of a node that
   * retains the lock.
   */
  public long tryAcquire(Object owner, Mode mode) {
    return awaitUninterruptibly(enqueue(owner, mode, true, true), NodeContext.TRY_LIMIT.toNanos());
  }

  /**
   * Acquires without a thread.
   *
   * @param nanos how long to wait, or {@link #FOREVER}
   * @return the token, or {@link #NOT_GRANTED} when the time is over; completes on the callback
   *     executor. Cancelling it withdraws the request
   */
  public CompletableFuture<Long> acquireAsync(Object owner, Mode mode, long nanos) {
    return overtime(enqueue(owner, mode, false, false), nanos);
  }

  /** As {@link #tryAcquire}, without a thread. */
  public CompletableFuture<Long> tryAcquireAsync(Object owner, Mode mode) {
    return overtime(enqueue(owner, mode, true, false), NodeContext.TRY_LIMIT.toNanos());
  }

  // ---------------------------------------------------------------- for the search for deadlocks

  @Override
  public final List<Kept> kept() {
    guard.lock();
    try {
      return keptGrants();
    } finally {
      guard.unlock();
    }
  }

  /** Who of this node holds the lock. */
  final List<Holder> holdersNow() {
    guard.lock();
    try {
      return holders();
    } finally {
      guard.unlock();
    }
  }

  /** What a waiter waits for; nothing if it does not wait any more. */
  final Blockers blockersOf(LocalWaiter waiter) {
    guard.lock();
    try {
      return waiter.state() == LocalWaiter.State.WAITING
          ? new Blockers(
              holders().stream().filter(holder -> isInTheWay(holder, waiter)).toList(),
              asks(waiter),
              passable(waiter))
          : Blockers.NONE;
    } finally {
      guard.unlock();
    }
  }

  private static boolean isInTheWay(Holder holder, LocalWaiter waiter) {
    return holder.mode().isInTheWayOf(waiter.mode) && !holder.owner().equals(waiter.owner);
  }

  /**
   * Lets a waiting reader in past the writers that wait before it.
   *
   * @return whether that was possible
   */
  final boolean letPast(LocalWaiter waiter) {
    guard.lock();
    try {
      boolean possible =
          waiter.state() == LocalWaiter.State.WAITING
              && !passable(waiter).isEmpty()
              && queue.remove(waiter);
      if (possible) {
        pass(waiter);
        settle();
      }
      return possible;
    } finally {
      guard.unlock();
      deliver();
    }
  }

  /**
   * Ends a wait.
   *
   * @return false if it had ended
   */
  final boolean refuse(LocalWaiter waiter, RuntimeException why) {
    guard.lock();
    try {
      boolean waits = waiter.state() == LocalWaiter.State.WAITING && queue.remove(waiter);
      if (waits) {
        fail(waiter, why);
        onRemoved();
        settle();
      }
      return waits;
    } finally {
      guard.unlock();
      deliver();
    }
  }

  /**
   * Whether whoever acquires gives back himself, when his waits are over. A holder of permits only
   * does so where the options say so.
   */
  final boolean isWatched() {
    return kind.type() != LockKind.Type.SEMAPHORE || options.followPermits();
  }

  /** Takes the guard. It is mostly free again sooner than a parked thread could be woken. */
  final void lockGuard() {
    for (int spin = 0; spin < SPINS; spin++) {
      if (guard.tryLock()) {
        return;
      }
      Thread.onSpinWait();
    }
    guard.lock();
  }

  /** A waiter that may be granted, refused or gone already when this returns. */
  private LocalWaiter enqueue(Object owner, Mode mode, boolean tryOnly, boolean blocking) {
    LocalWaiter waiter =
        new LocalWaiter(owner, mode, tryOnly, blocking, node.environment().parker());
    enqueue(waiter);
    return waiter;
  }

  private void enqueue(LocalWaiter waiter) {
    lockGuard();
    try {
      requireOpen();
      if (isInside(waiter.owner) && !node.keeper().isProven()) {
        // In a moment onSuspended() would do the same; nobody may re-enter what is lost.
        loseHolds(Loss.Cause.LEASE_EXPIRED);
      }
      long token = enter(waiter.owner, waiter.mode);
      if (token != NOT_GRANTED) {
        grant(waiter, token);
      } else if (wouldUpgrade(waiter.owner, waiter.mode)) {
        refuseUpgrade(waiter);
      } else if (waiter.tryOnly && !mayTry(waiter.mode)) {
        leave(waiter);
      } else if (queue.size() >= LockRules.MAX_WAITERS) {
        throw new LockRefusedException(
            "lock " + name + " has " + queue.size() + " waiters in this node: wait with fewer");
      } else {
        queue.add(waiter);
        node.active().put(name, this);
        // Again, now that close() would find the waiter.
        requireOpen(waiter);
        settle();
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  private boolean isInside(Object owner) {
    return holdCount(owner, Mode.EXCLUSIVE) > 0 || holdCount(owner, Mode.SHARED) > 0;
  }

  private void refuseUpgrade(LocalWaiter waiter) {
    if (waiter.tryOnly) {
      leave(waiter);
    } else {
      throw new LockRefusedException(
          waiter.owner
              + " holds "
              + name
              + " for reading and would wait for itself: release the read lock first, or use"
              + " tryUpgrade");
    }
  }

  private void requireOpen(LocalWaiter waiter) {
    if (node.keeper().isClosed()) {
      queue.remove(waiter);
      requireOpen();
    }
  }

  private void requireOpen() {
    if (node.keeper().isClosed()) {
      throw new IllegalStateException(
          "lock " + name + " belongs to a closed Holdfast: connect a new one");
    }
  }

  private long await(LocalWaiter waiter, long nanos, boolean interruptible)
      throws InterruptedException {
    long start = node.now();
    long deadline = start + Math.min(nanos, Long.MAX_VALUE / 2);
    boolean interrupted = false;
    Wait watched = null;
    try {
      while (true) {
        switch (waiter.state()) {
          case GRANTED -> {
            if (mayStart(waiter)) {
              return waiter.token();
            }
            waiter.waitAgain();
            enqueue(waiter);
          }
          case FAILED -> throw waiter.failure();
          case GONE -> {
            return NOT_GRANTED;
          }
          case WOKEN -> {
            long token = tryAgain(waiter);
            if (token != NOT_GRANTED) {
              return token;
            }
            waiter.linger();
          }
          case WAITING -> {
            if (Thread.interrupted()) {
              if (interruptible) {
                withdraw(waiter);
                throw new InterruptedException("interrupted while waiting for lock " + name);
              }
              interrupted = true;
            }
            long now = node.now();
            long left = nanos == FOREVER ? FOREVER : deadline - now;
            long grace = isWatched() ? start + DeadlockWatch.GRACE_NANOS - now : left;
            if (watched == null && grace <= 0 && left > 0) {
              watched = node.watch().began(this, waiter);
            } else if (left > 0) {
              long pause = watched == null ? Math.min(grace, left) : left;
              node.environment().parker().park(this, pause);
            } else if (giveUp(waiter, nanos)) {
              return NOT_GRANTED;
            }
          }
        }
      }
    } finally {
      if (watched != null) {
        node.watch().ended(watched);
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private long awaitUninterruptibly(LocalWaiter waiter, long nanos) {
    try {
      return await(waiter, nanos, false);
    } catch (InterruptedException impossible) {
      throw new IllegalStateException("an uninterruptible wait was interrupted", impossible);
    }
  }

  /**
   * Time may have passed between the hand-off and now. What was lost meanwhile was told to nobody,
   * and must not start.
   */
  private boolean mayStart(LocalWaiter waiter) {
    if (isHeld(waiter.owner, waiter.mode, waiter.token())) {
      return true;
    }
    release(waiter.owner, waiter.mode, waiter.token());
    return false;
  }

  private long tryAgain(LocalWaiter waiter) {
    lockGuard();
    try {
      return waiter.state() == LocalWaiter.State.WOKEN ? retry(waiter) : NOT_GRANTED;
    } finally {
      guard.unlock();
      deliver();
    }
  }

  /** The time is over; false if something has come in the last moment. */
  private boolean giveUp(LocalWaiter waiter, long nanos) {
    guard.lock();
    try {
      if (waiter.state() != LocalWaiter.State.WAITING) {
        return false;
      }
      RuntimeException explained = unanswered(waiter, nanos);
      remove(waiter);
      if (explained != null) {
        throw explained;
      }
      return true;
    } finally {
      guard.unlock();
      deliver();
    }
  }

  /** Guarded. A wait that was meant to be short says nothing about the engine. */
  private @Nullable RuntimeException unanswered(LocalWaiter waiter, long nanos) {
    Throwable trouble = engineTrouble(waiter);
    if (trouble == null || nanos < node.sender().patienceNanos()) {
      return null;
    }
    return new EngineUnavailableException(
        "lock "
            + name
            + " was not acquired, the engine has not answered in time: "
            + trouble.getMessage()
            + "; nothing is held, try again when the engine works",
        trouble);
  }

  /** The waiter is not wanted any more; a grant that came meanwhile is given back. */
  private void withdraw(LocalWaiter waiter) {
    boolean granted;
    guard.lock();
    try {
      granted = waiter.state() == LocalWaiter.State.GRANTED;
      if (!granted) {
        remove(waiter);
      }
    } finally {
      guard.unlock();
    }
    deliver();
    if (granted) {
      release(waiter.owner, waiter.mode, waiter.token());
    }
  }

  /** Guarded. Takes a waiter out of the queue without a grant. */
  final void remove(LocalWaiter waiter) {
    if (queue.remove(waiter)) {
      leave(waiter);
      onRemoved();
      settle();
    }
  }

  /** Guarded. A waiter left the queue without a grant; it may have been the one just woken. */
  abstract void onRemoved();

  @SuppressWarnings("FutureReturnValueIgnored") // They only react; none can fail.
  private CompletableFuture<Long> overtime(LocalWaiter waiter, long nanos) {
    CompletableFuture<Long> future = waiter.future();
    if (waiter.state() == LocalWaiter.State.WAITING && isWatched()) {
      Wait wait = node.watch().began(this, waiter);
      future.whenComplete((token, problem) -> node.watch().ended(wait));
    }
    if (waiter.state() == LocalWaiter.State.WAITING && nanos != FOREVER) {
      Cancellable timer =
          node.environment()
              .scheduler()
              .schedule(() -> timeOut(waiter, nanos), Duration.ofNanos(nanos));
      future.whenComplete((token, problem) -> timer.cancel());
    }
    future.whenComplete(
        (token, problem) -> {
          if (future.isCancelled()) {
            removeIfWaiting(waiter);
          }
        });
    return future;
  }

  /** A grant on its way is given back by {@link #complete}. */
  private void removeIfWaiting(LocalWaiter waiter) {
    guard.lock();
    try {
      remove(waiter);
    } finally {
      guard.unlock();
    }
    deliver();
  }

  private void timeOut(LocalWaiter waiter, long nanos) {
    guard.lock();
    try {
      if (waiter.state() == LocalWaiter.State.WAITING) {
        RuntimeException explained = unanswered(waiter, nanos);
        if (explained != null) {
          queue.remove(waiter);
          fail(waiter, explained);
          onRemoved();
          settle();
        } else {
          remove(waiter);
        }
      } else {
        waiter.timeIsOver();
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  /** Guarded. */
  final void grant(LocalWaiter waiter, long token) {
    waiter.grant(token);
    if (!waiter.isBlocking()) {
      callBack(() -> complete(waiter, token));
    }
  }

  private void complete(LocalWaiter waiter, long token) {
    if (waiter.future().isDone() || mayStart(waiter)) {
      hand(waiter, token);
    } else if (waiter.isOverdue()) {
      waiter.future().complete(NOT_GRANTED);
    } else {
      try {
        waiter.waitAgain();
        enqueue(waiter);
      } catch (RuntimeException refused) {
        waiter.future().completeExceptionally(refused);
      }
    }
  }

  private void hand(LocalWaiter waiter, long token) {
    if (!waiter.future().complete(token)) {
      // Cancelled before the grant arrived: nobody else would ever release it.
      release(waiter.owner, waiter.mode, token);
    }
  }

  /** Guarded. */
  final void fail(LocalWaiter waiter, RuntimeException why) {
    waiter.fail(why);
    if (!waiter.isBlocking()) {
      callBack(() -> waiter.future().completeExceptionally(why));
    }
  }

  /** Does what was decided under the guard and left for after it. */
  final void deliver() {
    outbox.deliver(node.environment().scheduler());
  }

  /** Runs what users wrote, outside the guard. */
  private void callBack(Runnable work) {
    outbox.post(() -> node.callBack(work));
  }

  /** Guarded. Not granted. */
  final void leave(LocalWaiter waiter) {
    waiter.leave();
    if (!waiter.isBlocking()) {
      callBack(() -> waiter.future().complete(NOT_GRANTED));
    }
  }

  /** Guarded. Remembers a loss and tells its listeners, outside all locks. */
  final void tellLoss(
      Object owner, long token, Loss.Cause cause, @Nullable Iterable<Consumer<Loss>> listeners) {
    Loss loss = new Loss(name, token, cause);
    losses.remember(owner, loss);
    if (listeners != null) {
      for (Consumer<Loss> listener : listeners) {
        callBack(() -> listener.accept(loss));
      }
    }
  }

  /** The owner's loss that it has not been told of by {@code unlock()} yet; told once. */
  public final @Nullable Loss takeLoss(Object owner) {
    guard.lock();
    try {
      return losses.forget(owner);
    } finally {
      guard.unlock();
    }
  }

  /** Why a hold that is not held any more was lost. */
  public final Loss lossOf(long token) {
    guard.lock();
    try {
      Loss known = losses.of(token);
      return known != null ? known : new Loss(name, token, Loss.Cause.LEASE_EXPIRED);
    } finally {
      guard.unlock();
    }
  }

  /**
   * Calls a listener when a hold is lost; at once if it is lost already.
   *
   * @param listener called at most once, on the callback executor
   */
  public final void onLost(Object owner, Mode mode, long token, Consumer<Loss> listener) {
    guard.lock();
    try {
      if (isRecorded(owner, mode, token)) {
        addListener(owner, mode, token, listener);
        return;
      }
    } finally {
      guard.unlock();
    }
    Loss loss = lossOf(token);
    node.callBack(() -> listener.accept(loss));
  }

  /** Guarded. Starts the clock of {@link LockOptions#maxHold()} for an outermost acquisition. */
  final @Nullable Cancellable limitHold(Object owner, Mode mode, long token) {
    return options
        .maxHold()
        .map(
            limit ->
                node.environment().scheduler().schedule(() -> endHold(owner, mode, token), limit))
        .orElse(null);
  }

  private void endHold(Object owner, Mode mode, long token) {
    guard.lock();
    try {
      if (isRecorded(owner, mode, token)) {
        lose(owner, mode, token, Loss.Cause.MAX_HOLD);
        settle();
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  /** Guarded. Whether this lock still wants what it asked for. */
  abstract boolean isCurrent(Ask ask);

  /** Guarded. The engine will not serve a request, whatever is done. */
  abstract void onRefused(Ask ask, RuntimeException why);

  /**
   * Turns the owner's shared hold into an exclusive one if it is the only one anywhere. The shared
   * hold stays beneath it.
   *
   * @param answer completed with the exclusive token or {@link #NOT_GRANTED}, but not while the
   *     engine hangs; whoever waits no longer cancels it
   */
  public abstract void tryUpgrade(Object owner, CompletableFuture<Long> answer);

  /** Guarded. Answers an upgrade; what comes after the caller has given up is held by nobody. */
  final void answer(Object owner, long token, CompletableFuture<Long> answer) {
    outbox.post(
        () -> {
          if (!answer.complete(token) && token != NOT_GRANTED) {
            release(owner, Mode.EXCLUSIVE, token);
          }
        });
  }

  /**
   * Guarded. Sends a command about a request, outside the guard.
   *
   * @param granted guarded; the answer was a grant with this id
   * @param rejected guarded; the answer was a rejection
   */
  final void send(
      Ask ask, Command command, LongConsumer granted, Consumer<Reply.Rejected> rejected) {
    AskReceiver receiver = new AskReceiver(ask, granted, rejected);
    outbox.post(() -> node.sender().send(ask.session, name, command, receiver));
  }

  /** Guarded. Sends a command that ends something and must take effect, outside the guard. */
  final void end(Ask ask, Command command) {
    outbox.post(() -> node.sender().sendAndForget(ask.session, name, command));
  }

  /** Guarded. Fails those waiters that a rejection is for. */
  final void refuse(Reply.Rejected rejected, Predicate<LocalWaiter> concerned) {
    switch (rejected.reason()) {
      case BUSY -> {
        List<LocalWaiter> busy =
            queue.stream().filter(waiter -> waiter.tryOnly && concerned.test(waiter)).toList();
        queue.removeAll(busy);
        busy.forEach(this::leave);
      }
      case KIND_MISMATCH ->
          failWhere(
              concerned,
              new LockKindMismatchException(
                  "lock "
                      + name
                      + " is in use as "
                      + rejected.present()
                      + ", not as "
                      + kind
                      + ": use another name, or the same kind everywhere"));
      default ->
          failWhere(
              concerned,
              new LockRefusedException(
                  "the engine refused lock "
                      + name
                      + ": "
                      + rejected.reason()
                      + "; wait with fewer"));
    }
  }

  /** Guarded. */
  final void failWhere(Predicate<LocalWaiter> concerned, RuntimeException why) {
    List<LocalWaiter> failed = queue.stream().filter(concerned).toList();
    queue.removeAll(failed);
    failed.forEach(waiter -> fail(waiter, why));
  }

  /** Guarded. Why a request has no answer; {@code null} if it has one. */
  final @Nullable Throwable trouble(@Nullable Ask ask) {
    boolean answered = ask != null && (ask.granted() || ask.answered);
    if (answered && node.keeper().isProven()) {
      return null;
    }
    Throwable known = ask != null && ask.trouble != null ? ask.trouble : node.keeper().trouble();
    if (known != null) {
      return known;
    }
    boolean local = ask == null && node.keeper().isProven();
    boolean overdue = ask != null && node.sender().isOverdue(ask.askedAt);
    return local || (ask != null && !overdue)
        ? null
        : new EngineUnavailableException("no answer yet");
  }

  /** Guarded. Ends all holds; the grants stay. */
  abstract void loseHolds(Loss.Cause cause);

  /** Guarded. Ends all holds, grants and requests: the session that they belong to is gone. */
  abstract void loseGrants(Loss.Cause cause);

  @Override
  public final void onSuspended() {
    guarded(() -> loseHolds(Loss.Cause.LEASE_EXPIRED));
  }

  @Override
  public final void onResumed() {
    guarded(this::settle);
  }

  @Override
  public final void onSessionLost() {
    guarded(
        () -> {
          loseGrants(Loss.Cause.SESSION_ENDED);
          leaveIfIdle();
        });
  }

  @Override
  public final void onClosed() {
    guarded(
        () -> {
          loseGrants(Loss.Cause.CLOSED);
          failWhere(
              waiter -> true,
              new IllegalStateException("lock " + name + ": its Holdfast was closed"));
          leaveIfIdle();
        });
  }

  private void leaveIfIdle() {
    if (queue.isEmpty()) {
      node.active().remove(name, this);
    }
  }

  /** Does work under the guard, and what it left in the outbox after it. */
  private void guarded(Runnable work) {
    guard.lock();
    try {
      work.run();
    } finally {
      guard.unlock();
    }
    deliver();
  }

  /** What an owner is called in records, for people. */
  static String label(Object owner) {
    String label = owner instanceof Thread thread ? thread.getName() : owner.toString();
    return label.length() <= LockRules.MAX_OWNER_LENGTH
        ? label
        : label.substring(0, LockRules.MAX_OWNER_LENGTH);
  }

  /** Brings an answer of the engine under the guard. */
  private final class AskReceiver implements CommandSender.Receiver {
    private final Ask ask;
    private final LongConsumer granted;
    private final Consumer<Reply.Rejected> rejected;

    AskReceiver(Ask ask, LongConsumer granted, Consumer<Reply.Rejected> rejected) {
      this.ask = ask;
      this.granted = granted;
      this.rejected = rejected;
    }

    @Override
    public boolean wanted() {
      guard.lock();
      try {
        return isCurrent(ask);
      } finally {
        guard.unlock();
      }
    }

    @Override
    public void onReply(Reply reply) {
      guarded(
          () -> {
            if (reply instanceof Reply.Granted grant) {
              granted.accept(grant.id());
            } else if (reply instanceof Reply.Rejected no) {
              rejected.accept(no);
            }
            ask.answered = true;
          });
    }

    @Override
    public void onTrouble(Throwable trouble) {
      guarded(() -> ask.trouble = trouble);
    }

    @Override
    public void onFailure(RuntimeException failure) {
      guarded(
          () -> {
            if (isCurrent(ask)) {
              onRefused(ask, failure);
            }
          });
    }
  }
}
