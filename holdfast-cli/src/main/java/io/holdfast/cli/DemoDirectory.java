package io.holdfast.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/** A directory that goes away when it is closed, and when the command is interrupted. */
final class DemoDirectory implements AutoCloseable {

  private final Path path;
  private final Thread cleaner = new Thread(this::delete, "demo-cleaner");

  private DemoDirectory(Path path) {
    this.path = path;
  }

  static DemoDirectory make() throws IOException {
    DemoDirectory made = new DemoDirectory(Files.createTempDirectory("holdfast-demo"));
    Runtime.getRuntime().addShutdownHook(made.cleaner);
    return made;
  }

  Path path() {
    return path;
  }

  /** The URI of an engine in it. */
  String engine() {
    return path.resolve("locks.db").toUri().toString();
  }

  @Override
  public void close() {
    Runtime.getRuntime().removeShutdownHook(cleaner);
    delete();
  }

  private void delete() {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException left) {
      // It is in the directory for temporary files, whose owner tidies up.
    }
  }
}
