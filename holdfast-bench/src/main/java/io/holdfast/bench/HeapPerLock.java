package io.holdfast.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.rules.Command;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockSpace;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.SpaceCommand;
import io.holdfast.rules.SpaceReply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.List;

/**
 * Counts how many bytes of heap a lock takes, beside the characters of a name that is kept. A
 * program of its own: in a fresh JVM the heap in use after a collection is the same at each run,
 * but for what the JVM itself leaves there, some hundred kilobytes. So there are many locks.
 */
final class HeapPerLock {

  /** What can be counted. */
  enum What {
    /** A lock that is held in a {@link LockSpace}: in the embedded engine, or on a server. */
    HELD_IN_SPACE("held in LockSpace", " B + name", 200),
    /** A lock of a node that the application keeps, used once and given back. */
    IDLE_KEPT("idle in a node, handle kept", " B + name", 0),
    /** A lock of a node that the application has used once and dropped. */
    IDLE_DROPPED("idle in a node, handle dropped", " B", 0);

    final String path;

    /** What is counted: a name that was dropped with its lock takes no room to leave out. */
    final String unit;

    /** The most bytes that it may take; 0 is no limit. */
    final int budget;

    What(String path, String unit, int budget) {
      this.path = path;
      this.unit = unit;
      this.budget = budget;
    }
  }

  private static final long NOW = 1_800_000_000_000L;

  private HeapPerLock() {}

  /** Counts in a JVM of its own. */
  static double measure(What what, int count) {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx2g",
            "-XX:+UseSerialGC",
            "-cp",
            System.getProperty("java.class.path"),
            HeapPerLock.class.getName(),
            what.name(),
            Integer.toString(count));
    try {
      Process process = new ProcessBuilder(command).redirectError(Redirect.INHERIT).start();
      String printed = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
      if (process.waitFor() != 0) {
        throw new IllegalStateException(what + " failed: see above");
      }
      return Double.parseDouble(printed);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while " + what + " was counted", e);
    }
  }

  /**
   * Prints the bytes per lock.
   *
   * @param args what to count, and how many locks
   */
  public static void main(String[] args) throws InterruptedException {
    What what = What.valueOf(args[0]);
    int count = Integer.parseInt(args[1]);
    double bytes =
        switch (what) {
          case HELD_IN_SPACE -> heldInSpace(count);
          case IDLE_KEPT -> idle(count, true);
          case IDLE_DROPPED -> idle(count, false);
        };
    int kept = what == What.IDLE_DROPPED ? 0 : name(count).length();
    System.out.println(bytes / count - kept);
  }

  /** All names are equally long. */
  private static String name(int number) {
    return String.format("orders/%08d", number);
  }

  private static long heldInSpace(int count) {
    LockSpace space = new LockSpace(0);
    SpaceCommand.OpenSession open = new SpaceCommand.OpenSession(10_000, "bench", "localhost", 1);
    if (!(space.apply(open, NOW).reply() instanceof SpaceReply.SessionOpened session)) {
      throw new IllegalStateException("no session");
    }
    long before = used();
    for (int i = 1; i <= count; i++) {
      RequestId request = new RequestId(session.session(), i);
      Command acquire =
          new Command.Acquire(
              request, LockKind.MUTEX, Mode.EXCLUSIVE, "main", true, Command.Patience.QUEUE);
      space.apply(new SpaceCommand.OnLock(name(i), acquire), NOW);
    }
    if (space.size() != count) {
      throw new IllegalStateException("not all locks are held");
    }
    try {
      return used() - before;
    } finally {
      Reference.reachabilityFence(space);
    }
  }

  private static long idle(int count, boolean keep) throws InterruptedException {
    try (Holdfast locks = Holdfast.builder("memory:").maxRetained(0).connect()) {
      use(locks, name(count + 1));
      DistributedLock[] kept = new DistributedLock[keep ? count : 0];
      long before = used();
      for (int i = 0; i < count; i++) {
        DistributedLock lock = use(locks, name(i + 1));
        if (keep) {
          kept[i] = lock;
        }
      }
      // A node forgets what was collected when it is asked for a lock.
      used();
      use(locks, name(count + 1));
      try {
        return used() - before;
      } finally {
        Reference.reachabilityFence(kept);
      }
    }
  }

  private static DistributedLock use(Holdfast locks, String name) {
    DistributedLock lock = locks.lock(name);
    lock.tryAcquire().ifPresent(Hold::close);
    return lock;
  }

  /** Several collections: the first ones only find what weak references held. */
  private static long used() {
    for (int i = 0; i < 5; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
