package io.holdfast.tck;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;

/**
 * A counter in memory that several processes share, behind a fence. To count is to read and to
 * write, and nothing but a distributed lock keeps two of them from doing that at the same time; so
 * what two holders at a time do shows as a count that is too small. Where there may be two, such as
 * after a server has lost its memory, the check of the token and the change must be one step.
 */
final class SharedCounter {

  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private static final int FENCE = 0;
  private static final int COUNT = 8;
  private static final int LAST = 16;
  private static final int MOVES = 24;
  private static final int GUARD = 32;
  private static final int SIZE = 40;

  /** Pauses between reading and writing: rare, so that there are many rounds, and long. */
  private static final int ROUNDS_TO_PAUSE = 500;

  private static final long PAUSE_NANOS = 50_000;

  private final Path file;
  private final ByteBuffer memory;

  private SharedCounter(Path file, ByteBuffer memory) {
    this.file = file;
    this.memory = memory;
  }

  /** Makes a counter at zero. */
  static SharedCounter create(Path file) throws IOException {
    return open(file, StandardOpenOption.CREATE_NEW);
  }

  /** Uses a counter that another process has made. */
  static SharedCounter open(Path file) throws IOException {
    return open(file, StandardOpenOption.CREATE);
  }

  private static SharedCounter open(Path file, StandardOpenOption create) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, create, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer memory = channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE);
      return new SharedCounter(file, memory.order(ByteOrder.nativeOrder()));
    }
  }

  /**
   * Counts one, as the holder of a lock.
   *
   * @param who the process, to know when another one came to hold it
   * @return false if the token is stale
   */
  boolean increment(long token, long who) {
    for (long highest = get(FENCE); highest != token; highest = get(FENCE)) {
      if (token < highest) {
        return false;
      }
      LONG.compareAndSet(memory, FENCE, highest, token);
    }
    long count = get(COUNT);
    if (count % ROUNDS_TO_PAUSE == 0) {
      // Leaves a second holder the time to get in between.
      LockSupport.parkNanos(PAUSE_NANOS);
    }
    if (get(LAST) != who) {
      set(MOVES, get(MOVES) + 1);
      set(LAST, who);
    }
    set(COUNT, count + 1);
    return true;
  }

  /** The same in one step, as a resource does it that guards itself. */
  boolean incrementGuarded(long token, long who) {
    while (!LONG.compareAndSet(memory, GUARD, 0L, who)) {
      LockSupport.parkNanos(1_000);
    }
    try {
      return increment(token, who);
    } finally {
      set(GUARD, 0);
    }
  }

  long count() {
    return get(COUNT);
  }

  /** How often another process than the one before has counted. */
  long moves() {
    return get(MOVES);
  }

  private long get(int at) {
    return (long) LONG.getVolatile(memory, at);
  }

  private void set(int at, long value) {
    LONG.setVolatile(memory, at, value);
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
