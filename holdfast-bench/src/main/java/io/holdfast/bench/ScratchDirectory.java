package io.holdfast.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A new directory for the files of one benchmark. */
final class ScratchDirectory implements AutoCloseable {

  private final Path path;

  ScratchDirectory() {
    try {
      path = Files.createTempDirectory("holdfast-bench");
    } catch (IOException e) {
      throw new UncheckedIOException("no directory for temporary files: set java.io.tmpdir", e);
    }
  }

  Path file(String name) {
    return path.resolve(name);
  }

  /** Removes the directory and what is in it. */
  @Override
  public void close() {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot remove " + path + ": remove it by hand", e);
    }
  }
}
