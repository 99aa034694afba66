package io.holdfast.rules;

import java.util.Arrays;

/**
 * Reads what {@link ByteSink} wrote, and trusts nothing: every fault is an {@link
 * UnknownFormatException}, and no count is believed beyond the bytes that are there. Not
 * thread-safe.
 */
final class ByteSource {

  private final byte[] bytes;
  private final String what;
  private int position;

  /**
   * Begins.
   *
   * @param what names the content in error messages
   */
  ByteSource(byte[] bytes, String what) {
    this.bytes = bytes;
    this.what = what;
  }

  /** Reads the leading format version. */
  void requireVersion(int understood) {
    int found = readByte();
    if (found != understood) {
      throw UnknownFormatException.version(what, found, understood);
    }
  }

  int readByte() {
    if (position == bytes.length) {
      throw malformed("it ends too early");
    }
    return bytes[position++] & 0xFF;
  }

  long readVarint() {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      int next = readByte();
      value |= (long) (next & 0x7F) << shift;
      if (next < 0x80) {
        return value;
      }
    }
    throw malformed("a number is too long");
  }

  long readSigned() {
    long value = readVarint();
    return (value >>> 1) ^ -(value & 1);
  }

  /** Reads a number and checks its range. */
  long readVarint(long min, long max) {
    long value = readVarint();
    if (value < min || value > max) {
      throw malformed("the number " + value + " is not in " + min + ".." + max);
    }
    return value;
  }

  /**
   * Reads how many elements follow.
   *
   * @param max how many there may be
   * @param least how many bytes each has at least: more elements than fit are not believed
   */
  int readCount(int max, int least) {
    return (int) readVarint(0, Math.min(max, (bytes.length - position) / least));
  }

  /**
   * Reads a string.
   *
   * @param max how many UTF-16 units it may have
   */
  String readString(int max) {
    char[] text = new char[readCount(max, 1)];
    for (int i = 0; i < text.length; i++) {
      text[i] = (char) readVarint(0, Character.MAX_VALUE);
    }
    return new String(text);
  }

  byte[] readBytes() {
    int length = readCount(Integer.MAX_VALUE, 1);
    position += length;
    return Arrays.copyOfRange(bytes, position - length, position);
  }

  /** Checks that nothing follows. */
  void requireEnd() {
    if (position != bytes.length) {
      throw malformed("there are more bytes than belong to it");
    }
  }

  UnknownFormatException malformed(String problem) {
    return UnknownFormatException.malformed(what, problem, position);
  }
}
