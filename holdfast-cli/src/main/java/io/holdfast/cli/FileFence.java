package io.holdfast.cli;

import io.holdfast.fence.Fence;
import io.holdfast.fence.StaleTokenException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/**
 * The guard of a counter file that many processes write to: the largest token seen is kept beside
 * the number. The check and the write are one step under a lock of the operating system, held for
 * that step only.
 */
final class FileFence {

  private final Path memory;

  FileFence(Path guarded) {
    memory = guarded.resolveSibling(guarded.getFileName() + ".fence");
  }

  /** A write to the guarded file. */
  @FunctionalInterface
  interface Write {
    /** Does it. */
    void write() throws IOException;
  }

  /**
   * Does a write unless its token is stale.
   *
   * @throws StaleTokenException if a larger token was seen before; nothing was written
   */
  void guard(long token, Write write) throws IOException {
    try (FileChannel channel =
            FileChannel.open(
                memory,
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
        FileLock onlyOne = channel.lock()) {
      Objects.requireNonNull(onlyOne);
      Fence fence = new Fence(highest(channel));
      if (!fence.admits(token)) {
        throw new StaleTokenException(token, fence.highest());
      }
      ByteBuffer text = StandardCharsets.US_ASCII.encode(Long.toString(token));
      channel.write(text, 0);
      write.write();
    }
  }

  private static long highest(FileChannel channel) throws IOException {
    ByteBuffer content = ByteBuffer.allocate(32);
    int length = channel.read(content, 0);
    return length <= 0
        ? 0
        : Long.parseLong(StandardCharsets.US_ASCII.decode(content.flip()).toString());
  }
}
