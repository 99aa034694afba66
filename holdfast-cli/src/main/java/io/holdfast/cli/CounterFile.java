package io.holdfast.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;

/** A number in a plain file, with nothing that protects it: two steps to add one. */
record CounterFile(Path file) {

  private static final int DIGITS = 12;

  long read() throws IOException {
    try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "r")) {
      byte[] digits = new byte[DIGITS];
      content.readFully(digits);
      return Long.parseLong(new String(digits, StandardCharsets.US_ASCII));
    }
  }

  void write(long value) throws IOException {
    try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
      String digits = String.format(Locale.ROOT, "%0" + DIGITS + "d\n", value);
      content.write(digits.getBytes(StandardCharsets.US_ASCII));
    }
  }

  /** Adds one: reads, thinks for a moment, writes. Returns what it has written. */
  long increment() throws IOException {
    long value = read() + 1;
    LockSupport.parkNanos(this, 1);
    write(value);
    return value;
  }
}
