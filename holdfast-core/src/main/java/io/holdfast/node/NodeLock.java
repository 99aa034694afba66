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
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A local lock that shares one engine grant among all owners of the node and keeps it for reuse.
 *
 * <p>For the maintainer. A thread that finds the lock retained goes through {@link OwnedWord}
 * alone. Everything else happens under the guard, changes the queue, the {@link Readers} or the
 * {@link Grants}, and ends in {@link #settle}, which hands out, gives back and asks.
 *
 * <p>Local threads are served as in WebKit's WTF::Lock and Go's sync.Mutex: a release wakes the
 * first waiter but leaves the lock open to running threads, because a parked thread needs tens of
 * microseconds to start; a waiter that was overtaken once gets the next release as a direct
 * hand-off. Readers and writers of the node are phase-fair, as in the rules.
 */
final class NodeLock extends LocalLock {

  private final OwnedWord word = new OwnedWord();
  private final Readers readers = new Readers();
  private final Grants grants;
  private final boolean limitsHolds;

  private boolean lastWasWrite;
  private boolean refreshing;

  /** The listeners of the exclusive hold. */
  private @Nullable List<Consumer<Loss>> listeners;

  private @Nullable Cancellable holdLimit;

  NodeLock(String name, LockKind kind, LockOptions options, NodeContext node) {
    super(name, kind, options, node);
    this.grants = new Grants(options, node);
    this.limitsHolds = options.maxHold().isPresent();
  }

  // ---------------------------------------------------------------- the fast path

  @Override
  public long acquire(Object owner, Mode mode, long nanos) throws InterruptedException {
    long token = Thread.currentThread().isInterrupted() ? NOT_GRANTED : enterFast(owner, mode);
    return token != NOT_GRANTED ? token : super.acquire(owner, mode, nanos);
  }

  @Override
  public long acquireUninterruptibly(Object owner, Mode mode) {
    long token = enterFast(owner, mode);
    return token != NOT_GRANTED ? token : super.acquireUninterruptibly(owner, mode);
  }

  @Override
  public long tryAcquire(Object owner, Mode mode) {
    long token = enterFast(owner, mode);
    return token != NOT_GRANTED ? token : super.tryAcquire(owner, mode);
  }

  private long enterFast(Object owner, Mode mode) {
    if (!mode.isExclusive() || limitsHolds) {
      return NOT_GRANTED;
    }
    long token = word.enterFast(owner);
    if (token != NOT_GRANTED) {
      long now = node.now();
      if (!node.keeper().isProven(now)) {
        release(owner, mode, token);
        return NOT_GRANTED;
      }
      word.used(now);
    }
    return token;
  }

  @Override
  public boolean release(Object owner, Mode mode, long token) {
    if (mode.isExclusive()) {
      return word.leaveFast(token) || releaseExclusive(owner, token);
    }
    return releaseShared(owner, token);
  }

  // ---------------------------------------------------------------- holds, under the guard

  private boolean releaseExclusive(Object owner, long token) {
    lockGuard();
    try {
      switch (word.leave(token)) {
        case NOT_HELD:
          losses.forget(owner);
          return false;
        case FREED:
          endWrite();
          settle(true);
          return true;
        case STILL_HELD:
        default:
          return true;
      }
    } finally {
      guard.unlock();
      deliver();
    }
  }

  private void endWrite() {
    listeners = null;
    if (holdLimit != null) {
      holdLimit.cancel();
      holdLimit = null;
    }
    lastWasWrite = true;
  }

  private boolean releaseShared(Object owner, long token) {
    lockGuard();
    try {
      if (!readers.leave(owner, token)) {
        losses.forget(owner);
        return false;
      }
      endRead();
      settle();
      return true;
    } finally {
      guard.unlock();
      deliver();
    }
  }

  private void endRead() {
    if (readers.isEmpty()) {
      word.set(Word.READERS, false);
      lastWasWrite = false;
    }
  }

  @Override
  long enter(Object owner, Mode mode) {
    if (mode.isShared()) {
      Readers.Reader known = readers.enterAgain(owner);
      if (known != null) {
        return known.token;
      }
      boolean mayRead = word.count(owner) > 0 || (queue.isEmpty() && canShare());
      return mayRead ? addReader(owner) : NOT_GRANTED;
    }
    long token = word.reenter(owner);
    boolean mayTake = queue.isEmpty() && !grants.isRevoked() && !readers.has(owner);
    return token != NOT_GRANTED || !mayTake ? token : take(owner, false);
  }

  /** Takes the free word for an owner, or does nothing. */
  private long take(Object owner, boolean asOnlyReader) {
    long now = node.now();
    if (!grants.mayWrite() || !node.keeper().isProven(now)) {
      return NOT_GRANTED;
    }
    long token = word.take(owner, asOnlyReader, now);
    if (word.needsFreshId()) {
      drawFreshId();
    }
    if (token != NOT_GRANTED) {
      holdLimit = limitHold(owner, Mode.EXCLUSIVE, token);
      attend();
    }
    return token;
  }

  /** Before the tokens of the grant run out, the engine is asked for a larger id. */
  private void drawFreshId() {
    Ask ask = grants.exclusive();
    if (ask == null || refreshing) {
      return;
    }
    refreshing = true;
    send(
        ask,
        new Command.Refresh(ask.request),
        id -> {
          if (ask == grants.exclusive()) {
            refreshing = false;
            word.freshen(id);
            settle();
          }
        },
        rejected -> onEnded(ask));
  }

  private boolean canShare() {
    return node.keeper().isProven() && grants.mayRead(false) && word.admitReaders();
  }

  private long addReader(Object owner) {
    Ask phase = grants.shared();
    long token = grants.mayWrite() || phase == null ? word.lastToken() : Tokens.first(phase.id);
    readers.add(owner, token, limitHold(owner, Mode.SHARED, token));
    word.set(Word.READERS, true);
    word.used(node.now());
    return token;
  }

  @Override
  boolean wouldUpgrade(Object owner, Mode mode) {
    return mode.isExclusive() && readers.has(owner) && word.count(owner) == 0;
  }

  @Override
  public void tryUpgrade(Object owner, CompletableFuture<Long> answer) {
    guard.lock();
    try {
      Ask ask = grants.shared();
      if (!readers.isOnly(owner) || !word.isFree() || !node.keeper().isProven()) {
        answer(owner, NOT_GRANTED, answer);
      } else if (grants.mayWrite()) {
        answer(owner, take(owner, true), answer);
      } else if (ask != null && ask.granted()) {
        askToUpgrade(owner, ask, answer);
      } else {
        answer(owner, NOT_GRANTED, answer);
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  private void askToUpgrade(Object owner, Ask ask, CompletableFuture<Long> answer) {
    send(
        ask,
        new Command.Upgrade(ask.request),
        id -> {
          long token = NOT_GRANTED;
          if (grants.isCurrent(ask)) {
            grants.change(ask, Mode.EXCLUSIVE);
            open(ask, id);
            boolean wanted = readers.isOnly(owner) && !answer.isDone();
            token = wanted ? take(owner, true) : NOT_GRANTED;
          }
          answer(owner, token, answer);
          settle();
        },
        rejected -> answer(owner, NOT_GRANTED, answer));
  }

  // ---------------------------------------------------------------- what holders ask

  @Override
  public int holdCount(Object owner, Mode mode) {
    guard.lock();
    try {
      return mode.isShared() ? readers.count(owner) : word.count(owner);
    } finally {
      guard.unlock();
    }
  }

  @Override
  public long heldToken(Object owner, Mode mode) {
    long own = mode.isExclusive() ? word.heldTokenFast(owner) : NOT_GRANTED;
    if (own != NOT_GRANTED) {
      return own;
    }
    guard.lock();
    try {
      if (mode.isShared()) {
        return readers.token(owner);
      }
      return word.count(owner) > 0 ? word.lastToken() : NOT_GRANTED;
    } finally {
      guard.unlock();
    }
  }

  @Override
  boolean isRecorded(Object owner, Mode mode, long token) {
    if (mode.isExclusive()) {
      return word.isHeldWith(token);
    }
    guard.lock();
    try {
      return readers.token(owner) == token;
    } finally {
      guard.unlock();
    }
  }

  @Override
  void addListener(Object owner, Mode mode, long token, Consumer<Loss> listener) {
    if (mode.isShared()) {
      readers.addListener(owner, listener);
      return;
    }
    if (listeners == null) {
      listeners = new ArrayList<>(1);
    }
    listeners.add(listener);
    attend();
  }

  // ---------------------------------------------------------------- the queue

  @Override
  void settle() {
    settle(false);
  }

  /**
   * Guarded.
   *
   * @param barging whether running threads may overtake the first waiter
   */
  private void settle(boolean barging) {
    word.set(Word.WAITERS, !queue.isEmpty());
    handOut(barging);
    giveBackExclusive();
    giveBackShared();
    ask();
    word.set(Word.WAITERS, !queue.isEmpty());
    attend();
    if (grants.isEmpty() && queue.isEmpty()) {
      node.active().remove(name, this);
    }
  }

  /** Whether a release has more to do than to free the word. */
  private void attend() {
    word.set(Word.ATTENDED, listeners != null || holdLimit != null || !grants.retains());
  }

  private void handOut(boolean barging) {
    while (true) {
      LocalWaiter head = queue.peek();
      if (head == null || grants.sliceIsOver()) {
        return;
      }
      if (head.wants(Mode.Type.SHARED) || (lastWasWrite && isWanted(Mode.Type.SHARED))) {
        boolean can = node.keeper().isProven() && grants.mayRead(true);
        if (!can || !word.admitReaders()) {
          return;
        }
        letReadersIn();
      } else if (barging && head.isBlocking() && mayBeOvertaken()) {
        word.set(Word.WOKEN, true);
        head.wake();
        return;
      } else if (!handTo(head)) {
        return;
      }
    }
  }

  private boolean mayBeOvertaken() {
    return grants.mayWrite()
        && !grants.isRevoked()
        && word.isFree()
        && readers.isEmpty()
        && !word.has(Word.HANDOFF);
  }

  private boolean isWanted(Mode.Type mode) {
    for (LocalWaiter waiter : queue) {
      if (waiter.wants(mode)) {
        return true;
      }
    }
    return false;
  }

  private void letReadersIn() {
    for (Iterator<LocalWaiter> waiters = queue.iterator(); waiters.hasNext(); ) {
      LocalWaiter waiter = waiters.next();
      if (waiter.wants(Mode.Type.SHARED)) {
        waiters.remove();
        pass(waiter);
      }
    }
    lastWasWrite = false;
  }

  @Override
  void pass(LocalWaiter waiter) {
    Readers.Reader known = readers.enterAgain(waiter.owner);
    grant(waiter, known != null ? known.token : addReader(waiter.owner));
  }

  private boolean handTo(LocalWaiter head) {
    long token = take(head.owner, false);
    if (token == NOT_GRANTED) {
      return false;
    }
    queue.remove();
    onRemoved();
    grant(head, token);
    letSameOwnerIn(head.owner);
    return true;
  }

  /** An owner that is no thread may have asked again while it waited: that is re-entry now. */
  private void letSameOwnerIn(Object owner) {
    List<LocalWaiter> again =
        owner instanceof Thread
            ? List.of()
            : queue.stream()
                .filter(waiter -> waiter.wants(Mode.Type.EXCLUSIVE) && waiter.owner.equals(owner))
                .toList();
    queue.removeAll(again);
    again.forEach(waiter -> grant(waiter, word.reenter(owner)));
  }

  @Override
  long retry(LocalWaiter waiter) {
    boolean first = queue.peek() == waiter && !grants.sliceIsOver();
    long token = first ? take(waiter.owner, false) : NOT_GRANTED;
    if (token != NOT_GRANTED) {
      queue.remove();
      onRemoved();
      waiter.grant(token);
      word.set(Word.WAITERS, !queue.isEmpty());
    } else {
      waiter.waitAgain();
      word.set(Word.HANDOFF, true);
      word.set(Word.WOKEN, false);
      settle();
    }
    return token;
  }

  @Override
  void onRemoved() {
    word.set(Word.HANDOFF | Word.WOKEN, false);
  }

  @Override
  boolean mayTry(Mode mode) {
    boolean besideReaders = mode.isShared() || readers.isEmpty();
    return queue.isEmpty() && word.isFree() && besideReaders && !grants.isBusy(mode);
  }

  // ---------------------------------------------------------------- who waits for whom

  @Override
  List<Holder> holders() {
    List<Holder> holders = new ArrayList<>();
    Object writer = word.holder();
    if (writer != null) {
      holders.add(new Holder(writer, Mode.EXCLUSIVE, word.lastToken()));
    }
    readers.forEach((owner, reader) -> holders.add(new Holder(owner, Mode.SHARED, reader.token)));
    return holders;
  }

  @Override
  List<Ask> asks(LocalWaiter waiter) {
    Ask ask = grants.of(waiter.mode);
    return ask == null || ask.granted() ? List.of() : List.of(ask);
  }

  @Override
  List<LocalWaiter> passable(LocalWaiter waiter) {
    boolean couldRead =
        waiter.mode.isShared()
            && !readers.isEmpty()
            && word.isFree()
            && grants.mayRead(true)
            && node.keeper().isProven();
    return couldRead
        ? queue.stream()
            .takeWhile(ahead -> ahead != waiter)
            .filter(ahead -> ahead.wants(Mode.Type.EXCLUSIVE))
            .toList()
        : List.of();
  }

  @Override
  List<Kept> keptGrants() {
    if (word.isFree() && readers.isEmpty()) {
      return List.of();
    }
    List<Holder> holders = holders();
    return grants.all().stream().filter(Ask::granted).map(ask -> new Kept(ask, holders)).toList();
  }

  // ---------------------------------------------------------------- asking the engine

  private void ask() {
    review(Mode.EXCLUSIVE, isWanted(Mode.Type.EXCLUSIVE));
    boolean served = grants.mayWrite();
    boolean wantsRead = !served && isWanted(Mode.Type.SHARED);
    if (wantsRead) {
      grants.letDrain();
    }
    review(Mode.SHARED, wantsRead);
  }

  /** Asks if nothing was asked, withdraws what is not wanted any more, keeps what is granted. */
  private void review(Mode mode, boolean wanted) {
    EngineSession session = node.keeper().session();
    Ask ask = grants.of(mode);
    if (ask == null && wanted && session != null) {
      boolean onlyTries = queue.stream().allMatch(waiter -> waiter.tryOnly);
      submit(new Ask(session, node.keeper().nextRequest(session), mode, onlyTries, node.now()));
    } else if (ask != null && !ask.granted() && !wanted) {
      grants.drop(ask);
      end(ask, new Command.Cancel(ask.request));
    }
  }

  private void submit(Ask ask) {
    Command acquire =
        new Command.Acquire(
            ask.request,
            kind,
            ask.mode,
            label(queue.element().owner),
            options.retention() == LockOptions.Retention.ADAPTIVE,
            ask.tryOnly ? Command.Patience.TRY : Command.Patience.QUEUE);
    grants.put(ask);
    send(ask, acquire, id -> onGranted(ask, id), rejected -> onRejected(ask, rejected));
  }

  @Override
  boolean isCurrent(Ask ask) {
    return grants.isCurrent(ask);
  }

  private void onGranted(Ask ask, long id) {
    if (!grants.isCurrent(ask)) {
      // Withdrawn, but a repetition may have overtaken the cancel.
      end(ask, new Command.Cancel(ask.request));
      return;
    }
    if (ask.granted()) {
      return;
    }
    if (!ask.answered) {
      grants.cameWithoutContention();
    }
    ask.answered = true;
    if (queue.isEmpty() && !ask.revoked) {
      // Nobody waits for it any more: it was granted while the last waiter left.
      ask.revoked = true;
      ask.revokedAt = node.now();
    }
    open(ask, id);
    if (ask.mode.isShared() && node.keeper().isProven() && word.admitReaders()) {
      // The engine has decided between these readers and the writers that wait, also those of here.
      letReadersIn();
    }
    settle();
  }

  private void open(Ask ask, long id) {
    ask.id = id;
    if (ask.mode.isExclusive()) {
      refreshing = false;
      word.open(id, ask.revoked);
    }
  }

  private void onRejected(Ask ask, Reply.Rejected rejected) {
    if (grants.isCurrent(ask) && !ask.granted()) {
      grants.drop(ask);
      refuse(rejected, waiter -> waiter.mode.equals(ask.mode));
      settle();
    }
  }

  @Override
  void onRefused(Ask ask, RuntimeException why) {
    grants.drop(ask);
    failWhere(waiter -> waiter.mode.equals(ask.mode), why);
    settle();
  }

  @Override
  @Nullable Throwable engineTrouble(LocalWaiter waiter) {
    boolean write = waiter.wants(Mode.Type.EXCLUSIVE) || grants.shared() == null;
    return trouble(write ? grants.exclusive() : grants.shared());
  }

  // ---------------------------------------------------------------- giving back

  /** Releases an exclusive grant that is idle and not to be retained, or lets remote readers in. */
  private void giveBackExclusive() {
    Ask ask = grants.exclusive();
    if (ask == null || !ask.granted()) {
      return;
    }
    boolean wanted = !queue.isEmpty() && !grants.sliceIsOver();
    if (readers.isEmpty()) {
      if (!wanted && (ask.revoked || !grants.retains())) {
        drop(ask);
      }
    } else if (ask.revoked && word.close()) {
      downgrade(ask);
    }
  }

  private void giveBackShared() {
    if (!readers.isEmpty()) {
      return;
    }
    grants.draining().forEach(this::drop);
    Ask ask = grants.shared();
    if (ask != null && ask.granted()) {
      boolean inTheWay = ask.revoked || isWanted(Mode.Type.EXCLUSIVE);
      if (inTheWay || !grants.retains()) {
        drop(ask);
      }
    }
  }

  /** Releases a grant, unless a running thread is inside. */
  private void drop(Ask ask) {
    if (ask.mode.isShared() || word.close()) {
      grants.drop(ask);
      end(ask, new Command.Release(ask.request));
    }
  }

  private void downgrade(Ask ask) {
    grants.change(ask, Mode.SHARED);
    // The writers that still wait make the engine ask again, before or after it answers.
    ask.revoked = false;
    ask.downgrading = true;
    send(
        ask,
        new Command.Downgrade(ask.request),
        id -> {
          // Until here no new reader could enter: it would not have known its read phase.
          ask.id = id;
          ask.downgrading = false;
          ask.revoked |= isWanted(Mode.Type.EXCLUSIVE);
          settle();
        },
        rejected -> onEnded(ask));
  }

  @Override
  public void releaseIdle(long usedBefore) {
    guard.lock();
    try {
      if (isIdle() && word.lastUsed() - usedBefore < 0) {
        for (Ask ask : grants.all()) {
          if (ask.granted()) {
            drop(ask);
          }
        }
        settle();
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  private boolean isIdle() {
    return word.isFree() && readers.isEmpty() && queue.isEmpty();
  }

  // ---------------------------------------------------------------- events

  @Override
  public void onEvent(Event event) {
    guard.lock();
    try {
      Ask ask = grants.about(event);
      if (ask == null) {
        node.endUnknown(name, event, outbox);
      } else if (event instanceof Event.Granted granted) {
        ask.answered = true;
        onGranted(ask, granted.id());
      } else if (event instanceof Event.Revoke revoke) {
        onRevoke(ask, revoke.tryOnly());
      } else if (event instanceof Event.Rejected rejected) {
        onRejected(ask, new Reply.Rejected(rejected.reason(), kind));
      } else {
        onEnded(ask);
      }
    } finally {
      guard.unlock();
    }
    deliver();
  }

  private void onRevoke(Ask ask, boolean tryOnly) {
    if (tryOnly && (!isIdle() || !ask.granted())) {
      end(ask, new Command.Decline(ask.request));
      return;
    }
    if (grants.revoke(ask) && ask.mode.isExclusive()) {
      word.set(Word.REVOKED, true);
    }
    settle();
    node.watch().onRevoked();
  }

  /** Somebody else ended what this node had: a grant, or its place in the queue. */
  private void onEnded(Ask ask) {
    if (!grants.isCurrent(ask)) {
      return;
    }
    if (ask.granted()) {
      loseReaders(Loss.Cause.FORCED);
      if (ask.mode.isExclusive()) {
        loseWriterAndClose(Loss.Cause.FORCED);
      }
    }
    grants.drop(ask);
    settle();
  }

  // ---------------------------------------------------------------- losses

  @Override
  void lose(Object owner, Mode mode, long token, Loss.Cause cause) {
    if (mode.isExclusive()) {
      loseWriter(cause);
      return;
    }
    Readers.Reader reader = readers.remove(owner);
    if (reader != null) {
      tellLoss(owner, token, cause, reader.listeners);
      endRead();
    }
  }

  private void loseWriter(Loss.Cause cause) {
    List<Consumer<Loss>> toTell = listeners;
    OwnedWord.Lost lost = word.lose();
    if (lost != null) {
      endWrite();
      tellLoss(lost.owner(), lost.token(), cause, toTell);
    }
  }

  private void loseReaders(Loss.Cause cause) {
    readers.removeAll((owner, reader) -> tellLoss(owner, reader.token, cause, reader.listeners));
    word.set(Word.READERS, false);
  }

  private void loseWriterAndClose(Loss.Cause cause) {
    do {
      loseWriter(cause);
      // A running thread may slip in until the word is closed; it is told as well.
    } while (!word.close());
  }

  @Override
  void loseHolds(Loss.Cause cause) {
    loseReaders(cause);
    loseWriter(cause);
  }

  @Override
  void loseGrants(Loss.Cause cause) {
    loseReaders(cause);
    loseWriterAndClose(cause);
    grants.clear();
  }
}
