package io.holdfast.node;

import io.holdfast.LockOptions;
import io.holdfast.Loss;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A local lock that shares one engine grant among all owners of the node and keeps it for reuse.
 *
 * <p>For the maintainer. The state that running threads change is one {@link Word}. A thread that
 * finds the lock retained takes it with one compare-and-set and one reading of the clock; everything
 * else happens under the guard and ends in {@link #settle}.
 *
 * <p>Local threads are served as in WebKit's WTF::Lock and Go's sync.Mutex: a release wakes the
 * first waiter but leaves the lock open to running threads, because a parked thread needs tens of
 * microseconds to start; a waiter that was overtaken once gets the next release as a direct
 * hand-off. Readers and writers of the node are phase-fair, as in the rules.
 *
 * <p>The fields {@link #owner} and {@link #grantId} are plain. They are written by whoever owns the
 * word or, while nobody does, under the guard, and the word's compare-and-set publishes them.
 */
final class NodeLock extends LocalLock {

  private static final VarHandle WORD;
  private static final VarHandle OWNER;

  /** How long a loss waits for a thread that is between taking the word and signing for it. */
  private static final int SIGNING_SPINS = 1_000;

  /** From this count on a released lock is retained; see {@link #stickiness}. */
  private static final int STICKY = 2;

  private static final int STICKIEST = 3;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(NodeLock.class, "word", long.class);
      OWNER = MethodHandles.lookup().findVarHandle(NodeLock.class, "owner", Object.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private final boolean holdsUnlimited;
  private volatile long word;
  private @Nullable Object owner;
  private long grantId;
  private long lastUsed;

  /** A newer grant id, drawn before the tokens of the present one run out; 0 if there is none. */
  private long freshId;

  private boolean refreshing;
  private @Nullable Ask exclusive;
  private @Nullable Ask shared;
  private final Readers readers = new Readers();
  private boolean lastWasWrite;

  /**
   * Two-bit saturating counter (J. E. Smith, "A Study of Branch Prediction Strategies", 1981): up
   * when the lock came without contention, down when another node wanted it back.
   */
  private int stickiness = STICKY;

  private @Nullable List<Consumer<Loss>> listeners;
  private @Nullable Cancellable holdLimit;

  NodeLock(String name, LockKind kind, LockOptions options, NodeContext node) {
    super(name, kind, options, node);
    this.holdsUnlimited = options.maxHold().isEmpty();
  }

  // ---------------------------------------------------------------- the fast path

  @Override
  public long acquire(Object owner, Mode mode, long nanos) throws InterruptedException {
    if (mode == Mode.EXCLUSIVE && !Thread.currentThread().isInterrupted()) {
      long token = enterFast(owner);
      if (token != NOT_GRANTED) {
        return token;
      }
    }
    return super.acquire(owner, mode, nanos);
  }

  @Override
  public long acquireUninterruptibly(Object owner, Mode mode) {
    long token = mode == Mode.EXCLUSIVE ? enterFast(owner) : NOT_GRANTED;
    return token != NOT_GRANTED ? token : super.acquireUninterruptibly(owner, mode);
  }

  @Override
  public long tryAcquire(Object owner, Mode mode) {
    long token = mode == Mode.EXCLUSIVE ? enterFast(owner) : NOT_GRANTED;
    return token != NOT_GRANTED ? token : super.tryAcquire(owner, mode);
  }

  /**
   * Only for an owner that is the running thread: it alone changes its own count upwards, so the
   * plain field tells it the truth about itself.
   */
  private long enterFast(Object candidate) {
    if (candidate != Thread.currentThread()) {
      return NOT_GRANTED;
    }
    long before = word;
    if (owner == candidate) {
      return Word.count(before) > 0 && reenter(before)
          ? Tokens.token(grantId, Word.sequence(before))
          : NOT_GRANTED;
    }
    if (!Word.isOpen(before) || Tokens.isLastOfHalf(Word.sequence(before))) {
      return NOT_GRANTED;
    }
    long after = Word.acquired(before);
    if (!holdsUnlimited || !WORD.compareAndSet(this, before, after)) {
      return NOT_GRANTED;
    }
    owner = candidate;
    long token = Tokens.token(grantId, Word.sequence(after));
    long now = node.now();
    if (!node.keeper().isProven(now)) {
      release(candidate, Mode.EXCLUSIVE, token);
      return NOT_GRANTED;
    }
    lastUsed = now;
    return token;
  }

  private boolean reenter(long before) {
    if (Word.count(before) == Integer.MAX_VALUE) {
      throw new Error("Maximum lock count exceeded");
    }
    return WORD.compareAndSet(this, before, before + 1);
  }

  @Override
  public boolean release(Object holder, Mode mode, long token) {
    if (mode != Mode.EXCLUSIVE) {
      return releaseShared(holder, token);
    }
    long before = word;
    if (owner == holder && holder == Thread.currentThread() && Word.heldWith(before, token)) {
      if (Word.count(before) > 1) {
        if (WORD.compareAndSet(this, before, before - 1)) {
          return true;
        }
      } else if (Word.releasesFast(before)) {
        owner = null;
        if (WORD.compareAndSet(this, before, before - 1)) {
          return true;
        }
      }
    }
    return releaseExclusive(holder, token);
  }

  // ---------------------------------------------------------------- exclusive holds, guarded

  private boolean releaseExclusive(Object holder, long token) {
    boolean last;
    guard.lock();
    try {
      long before;
      do {
        before = word;
        if (!Word.heldWith(before, token)) {
          forgetLoss(holder);
          return false;
        }
        last = Word.count(before) == 1;
        owner = last ? null : holder;
      } while (!WORD.compareAndSet(this, before, before - 1));
      if (last) {
        afterWrite();
      }
    } finally {
      guard.unlock();
      outbox.flush();
    }
    return true;
  }

  private void afterWrite() {
    listeners = null;
    if (holdLimit != null) {
      holdLimit.cancel();
      holdLimit = null;
    }
    lastWasWrite = true;
    settle(true);
  }

  /**
   * Takes the free word for an owner, or does nothing.
   *
   * @param asOnlyReader whether the owner is the only local reader, which is no obstacle then
   */
  private long take(Object candidate, boolean asOnlyReader) {
    long now = node.now();
    if (exclusive == null || !exclusive.granted() || !node.keeper().isProven(now)) {
      return NOT_GRANTED;
    }
    long before;
    long after;
    long id;
    do {
      before = word;
      if (Word.count(before) != 0 || (Word.has(before, Word.READERS) && !asOnlyReader)) {
        return NOT_GRANTED;
      }
      long last = Word.sequence(before);
      id = grantId;
      if (freshId != 0) {
        id = freshId;
        last = Tokens.first(id);
      } else if (Tokens.counter(last) == Tokens.LAST) {
        drawFreshId();
        return NOT_GRANTED;
      }
      after = Word.acquired(Word.withSequence(before, last));
    } while (!WORD.compareAndSet(this, before, after));
    grantId = id;
    freshId = 0;
    owner = candidate;
    lastUsed = now;
    if (Tokens.counter(Word.sequence(after)) > Tokens.HALFWAY) {
      drawFreshId();
    }
    long token = Tokens.token(id, Word.sequence(after));
    holdLimit = limitHold(candidate, Mode.EXCLUSIVE, token);
    attend();
    return token;
  }

  private void drawFreshId() {
    Ask ask = exclusive;
    if (!refreshing && freshId == 0 && ask != null) {
      refreshing = true;
      send(
          ask,
          new Command.Refresh(ask.request),
          id -> {
            if (ask == exclusive) {
              refreshing = false;
              freshId = id;
              settle();
            }
          },
          rejected -> onEnded(ask));
    }
  }

  /** Whether a release has more to do than to free the word. */
  private void attend() {
    boolean needed = listeners != null || holdLimit != null || !retains();
    setFlag(Word.ATTENDED, needed);
  }

  private boolean retains() {
    return options.retention() == LockOptions.Retention.ADAPTIVE
        && stickiness >= STICKY
        && node.active().size() <= node.maxRetained();
  }

  private void setFlag(long flag, boolean on) {
    long before;
    long after;
    do {
      before = word;
      after = on ? before | flag : before & ~flag;
    } while (before != after && !WORD.compareAndSet(this, before, after));
  }

  @Override
  long enter(Object candidate, Mode mode) {
    return mode == Mode.SHARED ? enterShared(candidate) : enterExclusive(candidate);
  }

  private long enterExclusive(Object candidate) {
    long before = word;
    while (isOwner(candidate) && Word.count(before) > 0) {
      if (reenter(before)) {
        return Tokens.token(grantId, Word.sequence(before));
      }
      before = word;
    }
    if (!queue.isEmpty() || Word.has(before, Word.REVOKED) || readers.has(candidate)) {
      return NOT_GRANTED;
    }
    return take(candidate, false);
  }

  private boolean isOwner(Object candidate) {
    // Running threads sign off without the guard: one read, or it may be gone at the second.
    return candidate.equals(OWNER.getOpaque(this));
  }

  // ---------------------------------------------------------------- shared holds, guarded

  private long enterShared(Object candidate) {
    Readers.Reader known = readers.enterAgain(candidate);
    if (known != null) {
      return known.token;
    }
    boolean downgrades = isOwner(candidate) && Word.count(word) > 0;
    if (downgrades || (queue.isEmpty() && canShare())) {
      return addReader(candidate);
    }
    return NOT_GRANTED;
  }

  /** Closes the word to writers if no writer is inside, so that readers may enter. */
  private boolean canShare() {
    if (!node.keeper().isProven()) {
      return false;
    }
    boolean usable =
        exclusive != null && exclusive.granted()
            ? !exclusive.revoked
            : shared != null && shared.granted() && !shared.revoked;
    if (!usable) {
      return false;
    }
    long before;
    do {
      before = word;
      if (Word.count(before) > 0) {
        return false;
      }
    } while (!WORD.compareAndSet(this, before, before | Word.READERS));
    return true;
  }

  private long addReader(Object candidate) {
    boolean underWriter = exclusive != null && exclusive.granted();
    long token =
        underWriter
            ? Tokens.token(grantId, Word.sequence(word))
            : Tokens.first(shared == null ? 0 : shared.id);
    readers.add(candidate, token, limitHold(candidate, Mode.SHARED, token));
    setFlag(Word.READERS, true);
    lastUsed = node.now();
    return token;
  }

  private boolean releaseShared(Object holder, long token) {
    guard.lock();
    try {
      if (!readers.leave(holder, token)) {
        forgetLoss(holder);
        return false;
      }
      afterRead();
    } finally {
      guard.unlock();
      outbox.flush();
    }
    return true;
  }

  private void afterRead() {
    if (readers.isEmpty()) {
      setFlag(Word.READERS, false);
      lastWasWrite = false;
    }
    settle();
  }

  @Override
  boolean wouldUpgrade(Object candidate, Mode mode) {
    return mode == Mode.EXCLUSIVE
        && readers.has(candidate)
        && !(isOwner(candidate) && Word.count(word) > 0);
  }

  // ---------------------------------------------------------------- what holders ask

  @Override
  public int holdCount(Object candidate, Mode mode) {
    guard.lock();
    try {
      if (mode == Mode.SHARED) {
        return readers.count(candidate);
      }
      return isOwner(candidate) ? Word.count(word) : 0;
    } finally {
      guard.unlock();
    }
  }

  @Override
  public long heldToken(Object candidate, Mode mode) {
    if (mode == Mode.EXCLUSIVE && owner == candidate && candidate == Thread.currentThread()) {
      long now = word;
      return Word.count(now) > 0 ? Tokens.token(grantId, Word.sequence(now)) : NOT_GRANTED;
    }
    guard.lock();
    try {
      if (mode == Mode.SHARED) {
        return readers.token(candidate);
      }
      return isOwner(candidate) && Word.count(word) > 0
          ? Tokens.token(grantId, Word.sequence(word))
          : NOT_GRANTED;
    } finally {
      guard.unlock();
    }
  }

  @Override
  boolean isRecorded(Object holder, Mode mode, long token) {
    if (mode == Mode.EXCLUSIVE) {
      return Word.heldWith(word, token);
    }
    guard.lock();
    try {
      return readers.token(holder) == token;
    } finally {
      guard.unlock();
    }
  }

  @Override
  void addListener(Object holder, Mode mode, long token, Consumer<Loss> listener) {
    if (mode == Mode.SHARED) {
      readers.addListener(holder, listener);
    } else {
      if (listeners == null) {
        listeners = new ArrayList<>(1);
      }
      listeners.add(listener);
      attend();
    }
  }

  /**
   * Turns the owner's shared hold into an exclusive one if it is the only one anywhere. The shared
   * hold stays beneath it.
   *
   * @param done told the exclusive token, or {@link #NOT_GRANTED}
   */
  @Override
  public void tryUpgrade(Object candidate, LongConsumer done) {
    guard.lock();
    try {
      if (!readers.isOnly(candidate) || Word.count(word) > 0 || !node.keeper().isProven()) {
        outbox.add(() -> done.accept(NOT_GRANTED));
      } else if (exclusive != null && exclusive.granted()) {
        long token = take(candidate, true);
        outbox.add(() -> done.accept(token));
      } else {
        askToUpgrade(candidate, done);
      }
    } finally {
      guard.unlock();
    }
    outbox.flush();
  }

  private void askToUpgrade(Object candidate, LongConsumer done) {
    Ask ask = shared;
    if (ask == null || !ask.granted()) {
      outbox.add(() -> done.accept(NOT_GRANTED));
      return;
    }
    send(
        ask,
        new Command.Upgrade(ask.request),
        id -> {
          becomeExclusive(ask, id);
          boolean stillOnly = readers.isOnly(candidate);
          long token = stillOnly ? take(candidate, true) : NOT_GRANTED;
          outbox.add(() -> done.accept(token));
          settle();
        },
        rejected -> outbox.add(() -> done.accept(NOT_GRANTED)));
  }

  private void becomeExclusive(Ask ask, long id) {
    if (shared == ask) {
      shared = null;
      install(ask, id);
    }
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
    setFlag(Word.WAITERS, !queue.isEmpty());
    handOut(barging);
    giveBack();
    ask();
    setFlag(Word.WAITERS, !queue.isEmpty());
    attend();
    if (exclusive == null && shared == null && queue.isEmpty()) {
      node.active().remove(name, this);
    }
  }

  private void handOut(boolean barging) {
    while (true) {
      LocalWaiter head = queue.peek();
      if (head == null || sliceIsOver()) {
        return;
      }
      boolean readersNext = head.wants(Mode.Type.SHARED) || (lastWasWrite && hasWaitingReader());
      if (readersNext) {
        if (!canShareOrSlice()) {
          return;
        }
        admitReaders();
      } else if (barging && head.isBlocking() && !revoked() && !Word.has(word, Word.HANDOFF)) {
        wakeToTry(head);
        return;
      } else if (!handTo(head)) {
        return;
      }
    }
  }

  /** While a revoked grant's time slice lasts, local waiters are still served. */
  private boolean canShareOrSlice() {
    Ask ask = exclusive;
    if (ask == null || !ask.revoked) {
      return canShare();
    }
    ask.revoked = false;
    boolean can = canShare();
    ask.revoked = true;
    return can;
  }

  private boolean hasWaitingReader() {
    return queue.stream().anyMatch(waiter -> waiter.wants(Mode.Type.SHARED));
  }

  private void admitReaders() {
    for (Iterator<LocalWaiter> waiters = queue.iterator(); waiters.hasNext(); ) {
      LocalWaiter waiter = waiters.next();
      if (waiter.wants(Mode.Type.SHARED)) {
        waiters.remove();
        Readers.Reader known = readers.enterAgain(waiter.owner);
        grant(waiter, known != null ? known.token : addReader(waiter.owner));
      }
    }
    lastWasWrite = false;
  }

  private void wakeToTry(LocalWaiter head) {
    if (Word.count(word) == 0 && exclusive != null && exclusive.granted()) {
      setFlag(Word.WOKEN, true);
      head.wake();
    }
  }

  private boolean handTo(LocalWaiter head) {
    long token = take(head.owner, false);
    if (token == NOT_GRANTED) {
      return false;
    }
    queue.remove();
    setFlag(Word.HANDOFF | Word.WOKEN, false);
    grant(head, token);
    return true;
  }

  @Override
  long retry(LocalWaiter waiter) {
    long token = queue.peek() == waiter && !sliceIsOver() ? take(waiter.owner, false) : NOT_GRANTED;
    if (token != NOT_GRANTED) {
      queue.remove();
      setFlag(Word.HANDOFF | Word.WOKEN, false);
      waiter.grant(token);
      setFlag(Word.WAITERS, !queue.isEmpty());
    } else {
      waiter.sleepAgain();
      setFlag(Word.HANDOFF, true);
      setFlag(Word.WOKEN, false);
      settle();
    }
    return token;
  }

  @Override
  void onRemoved() {
    setFlag(Word.HANDOFF | Word.WOKEN, false);
  }

  @Override
  boolean mayTry(Mode mode) {
    boolean busy =
        !queue.isEmpty()
            || Word.count(word) > 0
            || (mode == Mode.EXCLUSIVE && !readers.isEmpty())
            || isTaken(exclusive)
            || (mode == Mode.SHARED && isTaken(shared));
    return !busy;
  }

  /** Whether a request is on behalf of others: still asked for, or wanted back. */
  private static boolean isTaken(@Nullable Ask ask) {
    return ask != null && (!ask.granted() || ask.revoked);
  }

  // ---------------------------------------------------------------- the engine

  private boolean revoked() {
    return exclusive != null && exclusive.revoked;
  }

  private boolean sliceIsOver() {
    Ask ask = exclusive;
    return ask != null
        && ask.revoked
        && node.now() - ask.revokedAt >= node.sender().timeSliceNanos();
  }

  private void ask() {
    boolean wantsWrite = false;
    boolean wantsRead = false;
    boolean onlyTries = true;
    for (LocalWaiter waiter : queue) {
      wantsWrite |= waiter.wants(Mode.Type.EXCLUSIVE);
      wantsRead |= waiter.wants(Mode.Type.SHARED);
      onlyTries &= waiter.tryOnly;
    }
    boolean served = exclusive != null && exclusive.granted();
    exclusive = review(exclusive, wantsWrite, Mode.EXCLUSIVE, onlyTries);
    shared = review(shared, wantsRead && !served, Mode.SHARED, onlyTries);
  }

  /** Asks if nothing was asked, withdraws what is not wanted any more, keeps what is granted. */
  private @Nullable Ask review(@Nullable Ask ask, boolean wanted, Mode mode, boolean tryOnly) {
    EngineSession session = node.keeper().session();
    if (ask == null && wanted && session != null) {
      return submit(session, mode, tryOnly);
    }
    if (ask != null && !ask.granted() && !wanted) {
      end(ask, new Command.Cancel(ask.request));
      return null;
    }
    return ask;
  }

  private Ask submit(EngineSession session, Mode mode, boolean tryOnly) {
    Ask ask = new Ask(session, node.keeper().nextRequest(session), mode, tryOnly);
    LocalWaiter first = queue.element();
    Command acquire =
        new Command.Acquire(
            ask.request,
            kind,
            mode,
            label(first.owner),
            options.retention() == LockOptions.Retention.ADAPTIVE,
            tryOnly ? Command.Patience.TRY : Command.Patience.QUEUE);
    send(ask, acquire, id -> onGranted(ask, id), rejected -> onRejected(ask, rejected));
    return ask;
  }

  private void end(Ask ask, Command command) {
    outbox.add(() -> node.sender().sendAndForget(ask.session, name, command));
  }

  @Override
  boolean isCurrent(Ask ask) {
    return ask == exclusive || ask == shared;
  }

  private void onRejected(Ask ask, Reply.Rejected rejected) {
    if (!isCurrent(ask) || ask.granted()) {
      return;
    }
    drop(ask);
    refuse(rejected, waiter -> waiter.mode == ask.mode);
    settle();
  }

  @Override
  void onRefused(Ask ask, RuntimeException why) {
    drop(ask);
    failWhere(waiter -> waiter.mode == ask.mode, why);
    settle();
  }

  private void drop(Ask ask) {
    if (ask == exclusive) {
      exclusive = null;
    } else if (ask == shared) {
      shared = null;
    }
  }

  /** Guarded. The engine gave what was asked for. */
  private void onGranted(Ask ask, long id) {
    if (ask.granted() || (ask != exclusive && ask != shared)) {
      return;
    }
    if (!ask.answered) {
      stickiness = Math.min(STICKIEST, stickiness + 1);
    }
    ask.answered = true;
    if (ask.mode == Mode.EXCLUSIVE) {
      install(ask, id);
    } else {
      ask.id = id;
    }
    if (queue.isEmpty()) {
      // Nobody waits for it any more: it was granted while the last waiter left.
      ask.revoked = true;
      ask.revokedAt = node.now();
    }
    settle();
  }

  private void install(Ask ask, long id) {
    ask.id = id;
    ask.mode = Mode.EXCLUSIVE;
    exclusive = ask;
    grantId = id;
    freshId = 0;
    refreshing = false;
    long before;
    long after;
    do {
      before = word;
      after = Word.withSequence(before, Tokens.first(id)) | Word.GRANTED;
      after = ask.revoked ? after | Word.REVOKED : after & ~Word.REVOKED;
    } while (!WORD.compareAndSet(this, before, after));
  }

  /** Releases what is idle and not to be retained; lets remote readers in beside local ones. */
  private void giveBack() {
    Ask write = exclusive;
    if (write != null && write.granted()) {
      boolean wanted = !queue.isEmpty() && !sliceIsOver();
      if (readers.isEmpty() && !wanted && (write.revoked || !retains())) {
        dropExclusive(write);
      } else if (write.revoked && !readers.isEmpty() && Word.count(word) == 0) {
        downgrade(write);
      }
    }
    Ask read = shared;
    if (read != null && read.granted() && readers.isEmpty()) {
      boolean wantsWrite = queue.stream().anyMatch(waiter -> waiter.wants(Mode.Type.EXCLUSIVE));
      if (read.revoked || wantsWrite || !retains()) {
        shared = null;
        end(read, new Command.Release(read.request));
      }
    }
  }

  private void dropExclusive(Ask ask) {
    long before;
    do {
      before = word;
      if (Word.count(before) > 0) {
        return;
      }
    } while (!WORD.compareAndSet(this, before, closed(before)));
    exclusive = null;
    end(ask, new Command.Release(ask.request));
  }

  private static long closed(long before) {
    return before & ~(Word.GRANTED | Word.REVOKED | Word.HANDOFF | Word.WOKEN);
  }

  private void downgrade(Ask ask) {
    long before;
    do {
      before = word;
      if (Word.count(before) > 0) {
        return;
      }
    } while (!WORD.compareAndSet(this, before, closed(before)));
    exclusive = null;
    ask.mode = Mode.SHARED;
    // No new reader until the engine has said which read phase this is.
    ask.revoked = true;
    shared = ask;
    send(
        ask,
        new Command.Downgrade(ask.request),
        id -> {
          ask.id = id;
          ask.revoked = hasWaitingWriter();
          settle();
        },
        rejected -> onEnded(ask));
  }

  private boolean hasWaitingWriter() {
    return queue.stream().anyMatch(waiter -> waiter.wants(Mode.Type.EXCLUSIVE));
  }

  @Override
  @Nullable Throwable engineTrouble(LocalWaiter waiter) {
    Ask ask = waiter.wants(Mode.Type.EXCLUSIVE) || shared == null ? exclusive : shared;
    return trouble(ask);
  }

  @Override
  public void onEvent(Event event) {
    guard.lock();
    try {
      Ask ask = askOf(event);
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
    outbox.flush();
  }

  private @Nullable Ask askOf(Event event) {
    if (exclusive != null && exclusive.request.equals(event.request())) {
      return exclusive;
    }
    return shared != null && shared.request.equals(event.request()) ? shared : null;
  }

  private void onRevoke(Ask ask, boolean tryOnly) {
    boolean idle = Word.count(word) == 0 && readers.isEmpty() && queue.isEmpty();
    if (tryOnly && (!idle || !ask.granted())) {
      end(ask, new Command.Decline(ask.request));
      return;
    }
    if (!ask.revoked) {
      stickiness = Math.max(0, stickiness - 1);
      ask.revoked = true;
      ask.revokedAt = node.now();
      if (ask == exclusive) {
        setFlag(Word.REVOKED, true);
      }
    }
    settle();
  }

  private void onEnded(Ask ask) {
    if (ask == exclusive) {
      loseExclusive(Loss.Cause.FORCED);
      setFlag(Word.GRANTED | Word.REVOKED | Word.HANDOFF | Word.WOKEN, false);
      exclusive = null;
    } else {
      shared = null;
    }
    loseReaders(Loss.Cause.FORCED);
    settle();
  }

  // ---------------------------------------------------------------- losses

  @Override
  void lose(Object holder, Mode mode, long token, Loss.Cause cause) {
    if (mode == Mode.EXCLUSIVE) {
      loseExclusive(cause);
    } else {
      Readers.Reader reader = readers.remove(holder);
      if (reader != null) {
        tellLoss(holder, token, cause, reader.listeners);
        setFlag(Word.READERS, !readers.isEmpty());
      }
    }
  }

  private void loseExclusive(Loss.Cause cause) {
    Object holder = OWNER.getOpaque(this);
    for (int spin = 0; holder == null && Word.count(word) > 0 && spin < SIGNING_SPINS; spin++) {
      Thread.onSpinWait();
      holder = OWNER.getOpaque(this);
    }
    long before;
    do {
      before = word;
      if (Word.count(before) == 0) {
        return;
      }
      owner = null;
    } while (!WORD.compareAndSet(this, before, Word.freed(before)));
    if (holdLimit != null) {
      holdLimit.cancel();
      holdLimit = null;
    }
    List<Consumer<Loss>> toTell = listeners;
    listeners = null;
    lastWasWrite = true;
    long token = Tokens.token(grantId, Word.sequence(before));
    tellLoss(holder == null ? this : holder, token, cause, toTell);
  }

  private void loseReaders(Loss.Cause cause) {
    readers.removeAll(
        (holder, reader) -> tellLoss(holder, reader.token, cause, reader.listeners));
    setFlag(Word.READERS, false);
  }

  @Override
  public void onSuspended() {
    guard.lock();
    try {
      loseExclusive(Loss.Cause.LEASE_EXPIRED);
      loseReaders(Loss.Cause.LEASE_EXPIRED);
    } finally {
      guard.unlock();
    }
  }

  @Override
  public void onResumed() {
    guard.lock();
    try {
      settle();
    } finally {
      guard.unlock();
    }
    outbox.flush();
  }

  @Override
  public void onSessionLost(Loss.Cause cause) {
    guard.lock();
    try {
      loseExclusive(cause);
      loseReaders(cause);
      setFlag(Word.GRANTED | Word.REVOKED | Word.HANDOFF | Word.WOKEN, false);
      exclusive = null;
      shared = null;
      if (queue.isEmpty()) {
        node.active().remove(name, this);
      }
    } finally {
      guard.unlock();
    }
  }

  @Override
  public void releaseIdle(long usedBefore) {
    guard.lock();
    try {
      boolean idle = Word.count(word) == 0 && readers.isEmpty() && queue.isEmpty();
      if (idle && lastUsed - usedBefore < 0) {
        if (exclusive != null && exclusive.granted()) {
          dropExclusive(exclusive);
        }
        if (shared != null && shared.granted()) {
          end(shared, new Command.Release(shared.request));
          shared = null;
        }
        settle();
      }
    } finally {
      guard.unlock();
    }
    outbox.flush();
  }

  @Override
  public void onClosed() {
    onSessionLost(Loss.Cause.CLOSED);
    guard.lock();
    try {
      failAll(new IllegalStateException("lock " + name + ": its Holdfast was closed"));
    } finally {
      guard.unlock();
    }
  }
}
