package io.holdfast.peers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** What holders of a lock count in memory that their processes share. The lock guards it. */
final class SharedCount {

  private static final int COUNT = 0;
  private static final int LAST = 8;
  private static final int MOVES = 16;
  private static final int SIZE = 24;

  private final ByteBuffer memory;

  private SharedCount(ByteBuffer memory) {
    this.memory = memory;
  }

  static SharedCount open(Path file) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      return new SharedCount(channel.map(FileChannel.MapMode.READ_WRITE, 0, SIZE));
    }
  }

  void increment(long process) {
    if (memory.getLong(LAST) != process) {
      memory.putLong(LAST, process);
      memory.putLong(MOVES, memory.getLong(MOVES) + 1);
    }
    memory.putLong(COUNT, memory.getLong(COUNT) + 1);
  }

  /** How often it went from one process to another. */
  long moves() {
    return memory.getLong(MOVES);
  }
}
