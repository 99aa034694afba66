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
 * owns the word or, while nobody does, under the guard of the lock, and the word's compare-and-set
 * publishes them. An owner signs off before it frees the word, so a thread that finds itself in
 * {@link #owner} is really inside: only it could have written that. Methods are for any thread
 * where they say "fast", else for the holder of the guard.
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

  /** How long a loss waits for a thread that is between taking the word and signing for it. */
  private static final int SIGNING_SPINS = 1_000;

  private static final VarHandle WORD;
  private static final VarHandle OWNER;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(OwnedWord.class, "word", long.class);
      OWNER = MethodHandles.lookup().findVarHandle(OwnedWord.class, "owner", Object.class);
    } catch (ReflectiveOperationException impossible) {
      throw new ExceptionInInitializerError(impossible);
    }
  }

  private volatile long word;
  private @Nullable Object owner;
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
    if (owner == candidate) {
      return Word.count(before) > 0 && countUp(before)
          ? Tokens.token(grantId, Word.sequence(before))
          : LocalLock.NOT_GRANTED;
    }
    if (!Word.isOpen(before) || Tokens.isLastOfHalf(Word.sequence(before))) {
      return LocalLock.NOT_GRANTED;
    }
    long after = Word.acquired(before);
    if (!WORD.compareAndSet(this, before, after)) {
      return LocalLock.NOT_GRANTED;
    }
    owner = candidate;
    return Tokens.token(grantId, Word.sequence(after));
  }

  /** Ends one hold of the running thread if nothing else has to be done with it. */
  boolean leaveFast(Object holder, long token) {
    long before = word;
    if (owner != holder || holder != Thread.currentThread() || !Word.heldWith(before, token)) {
      return false;
    }
    if (Word.count(before) > 1) {
      return WORD.compareAndSet(this, before, before - 1);
    }
    if (!Word.releasesFast(before)) {
      return false;
    }
    owner = null;
    return WORD.compareAndSet(this, before, before - 1);
  }

  /** The token of the running thread's hold, or {@link LocalLock#NOT_GRANTED}. */
  long heldTokenFast(Object candidate) {
    long now = word;
    return owner == candidate && candidate == Thread.currentThread() && Word.count(now) > 0
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

  private boolean countUp(long before) {
    if (Word.count(before) == Integer.MAX_VALUE) {
      throw new Error("Maximum lock count exceeded");
    }
    return WORD.compareAndSet(this, before, before + 1);
  }

  // ---------------------------------------------------------------- under the guard

  /** How often the candidate holds the word. */
  int count(Object candidate) {
    // Running threads sign off without the guard: one read, or it may be gone at the second.
    return candidate.equals(OWNER.getOpaque(this)) ? Word.count(word) : 0;
  }

  /** Enters once more if the candidate is inside. */
  long reenter(Object candidate) {
    long before = word;
    while (count(candidate) > 0) {
      if (countUp(before)) {
        return Tokens.token(grantId, Word.sequence(before));
      }
      before = word;
    }
    return LocalLock.NOT_GRANTED;
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
    owner = candidate;
    lastUsed = now;
    return Tokens.token(id, Word.sequence(after));
  }

  /** Ends one hold. */
  Left leave(Object holder, long token) {
    long before;
    boolean last;
    do {
      before = word;
      if (!Word.heldWith(before, token)) {
        return Left.NOT_HELD;
      }
      last = Word.count(before) == 1;
      // A running thread may have signed off and then failed to free the word.
      owner = last ? null : holder;
    } while (!WORD.compareAndSet(this, before, before - 1));
    return last ? Left.FREED : Left.STILL_HELD;
  }

  /** Ends all holds of whoever is inside; {@code null} if nobody is. */
  @Nullable Lost lose() {
    Object holder = OWNER.getOpaque(this);
    for (int spin = 0; holder == null && !isFree() && spin < SIGNING_SPINS; spin++) {
      Thread.onSpinWait();
      holder = OWNER.getOpaque(this);
    }
    long before;
    do {
      before = word;
      if (Word.count(before) == 0) {
        return null;
      }
      owner = null;
    } while (!WORD.compareAndSet(this, before, Word.freed(before)));
    return new Lost(holder == null ? this : holder, Tokens.token(grantId, Word.sequence(before)));
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
    return true;
  }
}
