package io.holdfast.rules;

import java.util.Arrays;

/** Writes the compact binary form that {@link ByteSource} reads. Not thread-safe. */
final class ByteSink {

  private byte[] bytes;
  private int size;

  /**
   * Begins.
   *
   * @param expected how many bytes are likely
   */
  ByteSink(int expected) {
    bytes = new byte[expected];
  }

  void putByte(int value) {
    if (size == bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(16, size + (size >> 1)));
    }
    bytes[size++] = (byte) value;
  }

  /** Seven bits per byte, least significant first; small numbers are short. */
  void putVarint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      putByte((int) (rest & 0x7F) | 0x80);
      rest >>>= 7;
    }
    putByte((int) rest);
  }

  /** As {@link #putVarint}, with small negative numbers short as well. */
  void putSigned(long value) {
    putVarint((value << 1) ^ (value >> 63));
  }

  /**
   * The length and each UTF-16 unit as a varint: ASCII text is itself, and unlike UTF-8 every Java
   * string survives, lone surrogates included.
   */
  void putString(String text) {
    putVarint(text.length());
    for (int i = 0; i < text.length(); i++) {
      putVarint(text.charAt(i));
    }
  }

  /** The length and the bytes. */
  void putBytes(byte[] content) {
    putVarint(content.length);
    if (bytes.length - size < content.length) {
      bytes = Arrays.copyOf(bytes, Math.max(size + content.length, size + (size >> 1)));
    }
    System.arraycopy(content, 0, bytes, size, content.length);
    size += content.length;
  }

  byte[] toByteArray() {
    return Arrays.copyOf(bytes, size);
  }
}
