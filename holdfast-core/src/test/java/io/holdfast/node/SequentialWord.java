package io.holdfast.node;

import java.util.Arrays;

/** What {@link OwnedWordModelTest} expects of the word, for one thread at a time. */
public class SequentialWord {

  private static final int REVOKED = 0;
  private static final int READERS = 4;
  private static final int NOBODY = -1;

  private final boolean[] flags = new boolean[6];
  private final long[] tokens = new long[3];
  private boolean granted;
  private long grants;
  private long token;
  private int owner = NOBODY;
  private int count;

  public SequentialWord() {
    open();
  }

  public long open() {
    if (granted) {
      return 0;
    }
    granted = true;
    flags[REVOKED] = false;
    token = Tokens.first(++grants);
    return grants;
  }

  public boolean close() {
    if (count > 0) {
      return false;
    }
    granted = false;
    for (int gone : new int[] {REVOKED, 2, 3}) {
      flags[gone] = false;
    }
    return true;
  }

  public boolean admitReaders() {
    flags[READERS] |= count == 0;
    return count == 0;
  }

  public void set(int flag, boolean on) {
    flags[flag] = on;
  }

  public boolean has(int flag) {
    return flags[flag];
  }

  public boolean isFree() {
    return count == 0;
  }

  public String lose() {
    String lost = count == 0 ? "nobody" : owner + ":" + token;
    count = 0;
    owner = NOBODY;
    return lost;
  }

  public long acquireAsync() {
    return acquire(0);
  }

  public boolean releaseAsync() {
    return release(0);
  }

  public long acquire(int candidate) {
    if (owner == candidate) {
      count++;
      return token;
    }
    if (count > 0 || !granted || flags[REVOKED] || flags[READERS]) {
      return LocalLock.NOT_GRANTED;
    }
    owner = candidate;
    count = 1;
    tokens[candidate] = ++token;
    return token;
  }

  public boolean release(int holder) {
    if (owner != holder || tokens[holder] != token) {
      return false;
    }
    count--;
    owner = count == 0 ? NOBODY : owner;
    return true;
  }

  public long heldToken(int candidate) {
    return owner == candidate ? token : LocalLock.NOT_GRANTED;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SequentialWord word && state().equals(word.state());
  }

  @Override
  public int hashCode() {
    return state().hashCode();
  }

  private String state() {
    return Arrays.toString(flags)
        + Arrays.toString(tokens)
        + granted
        + grants
        + ":"
        + token
        + ":"
        + owner
        + ":"
        + count;
  }
}
