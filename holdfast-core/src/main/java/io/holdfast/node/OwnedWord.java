package io.holdfast.node;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * The exclusive side of a {@link NodeLock}: one {@link Word}, who owns it, and from where its
 * tokens are drawn. A running thread that finds the lock retained takes it with one compare-and-set
 * and one reading of the clock, and lets it go with another compare-and-set.
 *
 * <p>For the maintainer. {@link #owner} and {@link #grantId} are plain. They are written by whoever
 * owns the word or, while nobody can take it, under the guard of the lock. Whoever took the word
 * signs for it: writes itself, then the word's sequence into {@link #signed}. Leaving writes
 * nothing, so {@link #owner} counts only while the signature is that of the present sequence. A
 * hold is never ended between taking and signing, so no signature comes late and hits a successor.
 * Methods are for any thread where they say "fast", else for the holder of the guard.
 */
final class OwnedWord {

  /** What a release under the guard did. */
  enum Left {
    NOT_HELD,
    STILL_HELD,
    FREED
  }

  /** A hold that was ended against its owner's will. */
  record Lost(Object owner, long token) {}

  /** How often a loss looks for a missing signature before it also offers its processor. */
  private static final int SIGNING_SPINS = 1_000;

  private static final VarHandle WORD;
  private static final VarHandle SIGNED;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(OwnedWord.class, "word", long.class);
      SIGNED = MethodHandles.lookup().findVarHandle(OwnedWord.class, "signed", long.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private volatile long word;
  private @Nullable Object owner;

  /** The sequence that {@link #owner} has signed for; written after it, read before it. */
  private volatile long signed;

  private long grantId;

  /** A newer grant id, drawn before the tokens of the present one run out; 0 if there is none. */
  private long freshId;

  /** When it was last taken, in ticker time; races only blur it. */
  private long lastUsed;

  // ---------------------------------------------------------------- fast, any thread

  /**
   * Takes or re-enters the word for the running thread, or does nothing. The lease is the caller's
   * to check, after this: a reading of the clock from before would be stale by any pause in
   * between.
   *
   * @return the token, or {@link LocalLock#NOT_GRANTED}
   */
  long enterFast(Object candidate) {
    if (candidate != Thread.currentThread()) {
      return LocalLock.NOT_GRANTED;
    }
    long before = word;
    if (!Word.isOpen(before)) {
      return reenterFast(candidate, before);
    }
    if (Tokens.isLastOfHalf(Word.sequence(before))) {
      return LocalLock.NOT_GRANTED;
    }
    long after = Word.acquired(before);
    if (!WORD.compareAndSet(this, before, after)) {
      return LocalLock.NOT_GRANTED;
    }
    sign(candidate, after);
    return Tokens.token(grantId, Word.sequence(after));
  }

  private long reenterFast(Object candidate, long before) {
    return isSigned(before) && owner == candidate && countUp(before)
        ? Tokens.token(grantId, Word.sequence(before))
        : LocalLock.NOT_GRANTED;
  }

  /** Ends one hold if nothing else has to be done with it. */
  boolean leaveFast(long token) {
    long before = word;
    return Word.heldWith(before, token)
        && (Word.count(before) > 1 || Word.releasesFast(before))
        && WORD.compareAndSet(this, before, before - 1);
  }

  /** The token of the running thread's hold, or {@link LocalLock#NOT_GRANTED}. */
  long heldTokenFast(Object candidate) {
    long now = word;
    return isSigned(now) && owner == candidate && candidate == Thread.currentThread()
        ? Tokens.token(grantId, Word.sequence(now))
        : LocalLock.NOT_GRANTED;
  }

  boolean isHeldWith(long token) {
    return Word.heldWith(word, token);
  }

  boolean isFree() {
    return Word.count(word) == 0;
  }

  boolean has(long flag) {
    return Word.has(word, flag);
  }

  void set(long flags, boolean on) {
    long before;
    long after;
    do {
      before = word;
      after = on ? before | flags : before & ~flags;
    } while (before != after && !WORD.compareAndSet(this, before, after));
  }

  private void sign(Object candidate, long taken) {
    owner = candidate;
    SIGNED.setRelease(this, Word.sequence(taken));
  }

  /** Whether somebody is inside who has signed for it. */
  private boolean isSigned(long now) {
    return Word.count(now) > 0 && signed == Word.sequence(now);
  }

  private boolean countUp(long before) {
    if (Word.count(before) == Integer.MAX_VALUE) {
      throw new Error("Maximum lock count exceeded");
    }
    return WORD.compareAndSet(this, before, before + 1);
  }

  // ---------------------------------------------------------------- under the guard

  /** Who is inside; {@code null} if nobody is, or has not signed yet. */
  @Nullable Object holder() {
    return isSigned(word) ? owner : null;
  }

  /** How often the candidate holds the word. */
  int count(Object candidate) {
    long now = word;
    return isSigned(now) && candidate.equals(owner) ? Word.count(now) : 0;
  }

  /** Enters once more if the candidate is inside. */
  long reenter(Object candidate) {
    long before;
    do {
      before = word;
      if (!isSigned(before) || !candidate.equals(owner)) {
        return LocalLock.NOT_GRANTED;
      }
    } while (!countUp(before));
    return Tokens.token(grantId, Word.sequence(before));
  }

  /** The last token drawn. */
  long lastToken() {
    return Tokens.token(grantId, Word.sequence(word));
  }

  long lastUsed() {
    return lastUsed;
  }

  void used(long now) {
    lastUsed = now;
  }

  /** Whether no token can be drawn before {@link #freshen}. */
  boolean isExhausted() {
    return freshId == 0 && Tokens.counter(Word.sequence(word)) == Tokens.LAST;
  }

  /** Whether it is time to draw the next grant id. */
  boolean needsFreshId() {
    return freshId == 0 && Tokens.counter(Word.sequence(word)) > Tokens.HALFWAY;
  }

  /** Here is the next grant id; it is used from the next acquisition under the guard on. */
  void freshen(long id) {
    freshId = id;
  }

  /**
   * Takes the free word for an owner, or does nothing.
   *
   * @param asOnlyReader whether the owner is the only local reader, which is no obstacle then
   * @param now the time, just read
   */
  long take(Object candidate, boolean asOnlyReader, long now) {
    long before;
    long after;
    long id;
    do {
      before = word;
      boolean readers = Word.has(before, Word.READERS) && !asOnlyReader;
      if (Word.count(before) != 0 || readers || isExhausted()) {
        return LocalLock.NOT_GRANTED;
      }
      id = freshId != 0 ? freshId : grantId;
      long last = freshId != 0 ? Tokens.first(id) : Word.sequence(before);
      after = Word.acquired(Word.withSequence(before, last));
    } while (!WORD.compareAndSet(this, before, after));
    grantId = id;
    freshId = 0;
    sign(candidate, after);
    lastUsed = now;
    return Tokens.token(id, Word.sequence(after));
  }

  /** Ends one hold. */
  Left leave(long token) {
    long before;
    do {
      before = word;
      if (!Word.heldWith(before, token)) {
        return Left.NOT_HELD;
      }
    } while (!WORD.compareAndSet(this, before, before - 1));
    return Word.count(before) == 1 ? Left.FREED : Left.STILL_HELD;
  }

  /** Ends all holds of whoever is inside; {@code null} if nobody is. */
  @Nullable Lost lose() {
    long before;
    Object holder;
    do {
      before = awaitSigned();
      holder = owner;
      if (Word.count(before) == 0 || holder == null) {
        return null;
      }
    } while (!WORD.compareAndSet(this, before, Word.freed(before)));
    return new Lost(holder, Tokens.token(grantId, Word.sequence(before)));
  }

  /**
   * The word when nobody is inside without having signed. A running thread needs a few instructions
   * and no lock for that; were it not waited for, its signature could fall on the next owner's.
   */
  @SuppressWarnings("ThreadPriorityCheck") // Correct without the yield: that only saves time.
  private long awaitSigned() {
    long now = word;
    for (int looks = 0; Word.count(now) > 0 && !isSigned(now); looks++) {
      if (looks < SIGNING_SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
      now = word;
    }
    return now;
  }

  /** Closes the free word to writers, so that readers may enter; false if a writer is inside. */
  boolean admitReaders() {
    long before;
    do {
      before = word;
      if (Word.count(before) > 0) {
        return false;
      }
    } while (!WORD.compareAndSet(this, before, before | Word.READERS));
    return true;
  }

  /** The engine has granted the lock to this node. */
  void open(long id, boolean revoked) {
    grantId = id;
    freshId = 0;
    long before;
    long after;
    do {
      before = word;
      after = Word.withSequence(before, Tokens.first(id)) | Word.GRANTED;
      after = revoked ? after | Word.REVOKED : after & ~Word.REVOKED;
    } while (!WORD.compareAndSet(this, before, after));
  }

  /** The grant goes back to the engine; false, and nothing done, if somebody is inside. */
  boolean close() {
    long before;
    do {
      before = word;
      if (Word.count(before) > 0) {
        return false;
      }
    } while (!WORD.compareAndSet(this, before, Word.closed(before)));
    // Nobody can take it now: no thread is kept from being collected, and no old signature counts
    // when the sequence has come round.
    owner = null;
    return true;
  }
}
