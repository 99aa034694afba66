package io.holdfast.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** Directories that tests leave behind. */
final class Trees {

  private Trees() {}

  /** Deletes a directory and what is in it. A rest that cannot be deleted fails no test. */
  static void delete(Path directory) {
    if (!Files.exists(directory)) {
      return;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException | UncheckedIOException unimportant) {
      System.out.println("left behind: " + directory + " (" + unimportant + ")");
    }
  }
}
