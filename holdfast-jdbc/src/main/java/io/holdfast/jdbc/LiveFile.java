package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Shows at once which sessions have lost their process: each locks one byte of this file, at the
 * offset of its number, and the operating system drops the lock when the process ends, however it
 * ends. Pid reuse cannot fool it, and a stopped process still has its locks. Thread-safe.
 */
final class LiveFile {

  // POSIX locks belong to the process and the file: whoever closes any descriptor of the file drops
  // all of the process's locks on it. So the file is opened once per JVM and path, shared by all
  // engines through OPEN, and closed with the last of them. The same holds for the database and
  // SQLite's locks, which is why nothing but SQLite opens that. A second class loader would have a
  // second OPEN (and a second copy of SQLite), so the path is also claimed in the system
  // properties, and a claim of another loader is refused.
  //
  // Session numbers are never reused, so a byte is locked by one process in all time. To probe is
  // to try the lock: refused means alive; obtained means dead, and the lock is given back. Two that
  // probe at the same moment may hide a dead session from each other; they will ask again.
  //
  // The first bytes of the file are a counter in memory that all processes share. Who has left a
  // notice counts it up, so that the others see without a system call whether to look for one. It
  // is a hint: a process may be killed between leaving a notice and counting.
  //
  // SQLite has no queue for those who want to write: they try again and again. So the stores of one
  // process queue here first, and only one of them tries. With hundreds that try, none has success.
  //
  // FileLock objects are kept in `held`: the JDK knows them by weak references only.

  private static final Map<Path, LiveFile> OPEN = new HashMap<>();
  private static final VarHandle LONG =
      MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.nativeOrder());
  private static final String CLAIM = "io.holdfast.jdbc.open:";

  private final Path path;
  private final FileChannel channel;
  private final String key;
  private final MappedByteBuffer signals;
  private final Map<Long, FileLock> held = new ConcurrentHashMap<>();
  private final Set<Runnable> listeners = ConcurrentHashMap.newKeySet();
  private final Semaphore turn = new Semaphore(1, true);
  private int users;

  private LiveFile(Path path) throws IOException {
    this.path = path;
    channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      key = keyOf(path);
      if (channel.size() < Long.BYTES) {
        // Real bytes, so that a full disk is an exception here and not a fault in the memory.
        channel.write(ByteBuffer.allocate(Long.BYTES), 0);
      }
      signals = channel.map(FileChannel.MapMode.READ_WRITE, 0, Long.BYTES);
    } catch (IOException failure) {
      channel.close();
      throw failure;
    }
  }

  /**
   * Opens the live file of a database, or joins those in this JVM who have it open.
   *
   * @param database without symbolic links
   * @throws EngineUnavailableException if another class loader has it open
   */
  static LiveFile open(Path database) throws IOException {
    synchronized (OPEN) {
      LiveFile live = OPEN.get(database);
      if (live == null) {
        claim(database);
        try {
          live = new LiveFile(database.resolveSibling(database.getFileName() + "-live"));
        } catch (IOException failure) {
          System.getProperties().remove(CLAIM + database);
          throw failure;
        }
        OPEN.put(database, live);
      }
      live.users++;
      return live;
    }
  }

  private static void claim(Path database) {
    String mine = Integer.toHexString(System.identityHashCode(LiveFile.class));
    Object other = System.getProperties().putIfAbsent(CLAIM + database, mine);
    if (other != null && !other.equals(mine)) {
      throw new EngineUnavailableException(
          "the lock file "
              + database
              + " is open in this JVM through another class loader, and POSIX file locks do not"
              + " keep the two apart; put holdfast-jdbc where both share it, or close the other");
    }
  }

  /** Leaves; the last to leave closes the file. */
  void close(Path database) throws IOException {
    synchronized (OPEN) {
      users--;
      if (users == 0) {
        OPEN.remove(database);
        System.getProperties().remove(CLAIM + database);
        channel.close();
      }
    }
  }

  /**
   * Identifies the very file, so that locks on a file that was deleted and made anew are not looked
   * for in the new one. Empty where the file system has no such thing.
   */
  String key() {
    return key;
  }

  /** The identity of a file without opening it. */
  static String keyOf(Path path) throws IOException {
    Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    return key == null ? "" : key.toString();
  }

  /** Locks a session's byte. Must come before anybody can know the session. */
  void claim(long session) throws IOException {
    FileLock lock = tryLock(session);
    if (lock == null) {
      throw new EngineUnavailableException(
          "session "
              + session
              + " is new and yet alive in "
              + path
              + ": the lock file beside it was replaced by an older copy; stop all processes that"
              + " use it and start them again");
    }
    held.put(session, lock);
  }

  /** Unlocks a session's byte. No effect if it is not locked by this JVM. */
  void release(long session) throws IOException {
    FileLock lock = held.remove(session);
    if (lock != null) {
      lock.release();
    }
  }

  /** Whether nobody has a session's byte locked. */
  boolean vanished(long session) throws IOException {
    if (held.containsKey(session)) {
      return false;
    }
    FileLock probe = tryLock(session);
    if (probe == null) {
      return false;
    }
    probe.release();
    return true;
  }

  private @Nullable FileLock tryLock(long session) throws IOException {
    try {
      return channel.tryLock(session, 1, false);
    } catch (OverlappingFileLockException own) {
      return null;
    }
  }

  /**
   * Waits for the turn to write among the stores of this JVM; false if it does not come in time.
   */
  boolean awaitTurn(long nanos) {
    try {
      return turn.tryAcquire(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException interrupted) {
      // Out of turn is no harm, and whose interrupt it is must still be seen.
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Lets the next store of this JVM write. */
  void endTurn() {
    turn.release();
  }

  /** Calls a listener on each {@link #announce} of others in this JVM. */
  void listen(Runnable listener) {
    listeners.add(listener);
  }

  /** No longer. */
  void unlisten(Runnable listener) {
    listeners.remove(listener);
  }

  /** Tells everybody else that there may be something to see. */
  void announce(Runnable self) {
    LONG.getAndAdd(signals, 0, 1L);
    for (Runnable listener : listeners) {
      if (listener != self) {
        listener.run();
      }
    }
  }

  /** Differs from what it was if somebody has announced something since. */
  long announced() {
    return (long) LONG.getVolatile(signals, 0);
  }
}
