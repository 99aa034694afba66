package io.holdfast.tck;

import io.holdfast.fence.Fence;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A resource that several processes change by reading all of it and writing all of it: how often
 * each of them has done so. Nothing but a distributed lock keeps their changes apart; a guard
 * refuses stale tokens.
 */
final class SharedTally {

  /** Instead of a token, where there is no guard. */
  static final String UNGUARDED = "unguarded";

  private static final String ENTRY_END = ",";
  private static final String NAME_END = "=";

  private final Path file;

  SharedTally(Path file) {
    this.file = file;
  }

  /** All of it, on one line. */
  String read() throws IOException {
    return Files.exists(file) ? Files.readString(file) : "";
  }

  /** The same with one more for a name. */
  static String plusOne(String text, String name) {
    Map<String, Integer> counts = parse(text);
    counts.merge(name, 1, Integer::sum);
    StringBuilder next = new StringBuilder();
    counts.forEach((each, count) -> next.append(each + NAME_END + count + ENTRY_END));
    return next.toString();
  }

  /** How often each name has been counted. */
  static Map<String, Integer> parse(String text) {
    Map<String, Integer> counts = new TreeMap<>();
    for (String entry : text.isEmpty() ? new String[0] : text.split(ENTRY_END, 0)) {
      String[] parts = entry.split(NAME_END, 2);
      counts.put(parts[0], Integer.parseInt(parts[1]));
    }
    return counts;
  }

  /** How many names have been counted. */
  int names() {
    try {
      return parse(read()).size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes all of it, whatever happened since it was read. */
  void write(String text) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + "." + ProcessHandle.current().pid());
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** What is done with the resource by whom its guard lets in. */
  private interface Access<T> {
    T perform() throws IOException;
  }

  /**
   * Writes all of it unless the token is stale.
   *
   * @return whether it was written
   */
  boolean writeGuarded(long token, String text) throws IOException {
    return guarded(
            token,
            () -> {
              write(text);
              return true;
            })
        .isPresent();
  }

  /**
   * Reads all of it unless the token is stale. From then on nobody writes with an older token, so
   * that what was read is still there when its reader writes: a guard that sees the writes alone
   * would let a stale one in between.
   */
  Optional<String> readGuarded(long token) throws IOException {
    return guarded(token, this::read);
  }

  /** The check and the access are one step under a lock of the operating system. */
  private <T> Optional<T> guarded(long token, Access<T> access) throws IOException {
    Path memory = file.resolveSibling(file.getFileName() + ".fence");
    try (FileChannel channel =
            FileChannel.open(
                memory,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock onlyOne = channel.lock()) {
      Objects.requireNonNull(onlyOne);
      ByteBuffer highest = ByteBuffer.allocate(Long.BYTES);
      channel.read(highest, 0);
      if (!new Fence(highest.getLong(0)).admits(token)) {
        return Optional.empty();
      }
      channel.write(ByteBuffer.allocate(Long.BYTES).putLong(0, token), 0);
      return Optional.of(access.perform());
    }
  }

  /** Order: the file. Answer: all of it. */
  static final class Read implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws IOException {
      return new SharedTally(Path.of(arguments.get(0))).read();
    }
  }

  /** Order: the file, a token or {@code unguarded}, the text. Answer: whether it was written. */
  static final class Write implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws IOException {
      SharedTally tally = new SharedTally(Path.of(arguments.get(0)));
      String text = arguments.get(2);
      if (arguments.get(1).equals(UNGUARDED)) {
        tally.write(text);
        return "true";
      }
      return Boolean.toString(tally.writeGuarded(Long.parseLong(arguments.get(1)), text));
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
