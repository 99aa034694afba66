package io.holdfast.zookeeper;

import io.holdfast.LockRefusedException;
import java.nio.ByteBuffer;

/**
 * The content of a record's znode.
 *
 * @param mark the name of the mark of this life of the record
 * @param bytes what the store was given
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody, and never copied on the way.
record RecordNode(Mark mark, byte[] bytes) {

  private static final byte FORMAT = 1;
  private static final int HEADER = 1 + 2 * Long.BYTES;

  /**
   * A name that is never given twice in an ensemble.
   *
   * @param writer a zxid that was drawn for the store that made it
   * @param number counts what that store made
   */
  record Mark(long writer, long number) {

    @Override
    public String toString() {
      return Long.toHexString(writer) + "-" + Long.toHexString(number);
    }
  }

  byte[] encode() {
    return ByteBuffer.allocate(HEADER + bytes.length)
        .put(FORMAT)
        .putLong(mark.writer())
        .putLong(mark.number())
        .put(bytes)
        .array();
  }

  /**
   * Reads a node.
   *
   * @throws LockRefusedException if it was written by another Holdfast, or by somebody else
   */
  static RecordNode decode(String name, byte[] node) {
    if (node.length < HEADER || node[0] != FORMAT) {
      String found = node.length == 0 ? "none" : Byte.toString(node[0]);
      throw new LockRefusedException(
          "lock "
              + name
              + " is left untouched: its node has the format "
              + found
              + ", and this Holdfast knows "
              + FORMAT
              + "; use the version of Holdfast that wrote it, or another space");
    }
    ByteBuffer buffer = ByteBuffer.wrap(node, 1, node.length - 1);
    Mark mark = new Mark(buffer.getLong(), buffer.getLong());
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return new RecordNode(mark, bytes);
  }
}
