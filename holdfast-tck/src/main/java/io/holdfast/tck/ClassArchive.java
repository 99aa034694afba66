package io.holdfast.tck;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * The classes that workers need, read and linked once, so that the next workers start sooner: a
 * class-data archive of the JVM. The first worker that has been of use writes it. Where there is
 * none, workers start as usual. Thread-safe.
 */
final class ClassArchive {

  // The JVM makes such archives of jars only, so directories of classes are packed into jars first.

  private static final Duration WRITING = Duration.ofSeconds(20);

  private final Path directory;
  private final List<Path> classPath;
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile @Nullable Path written;

  private ClassArchive(Path directory, List<Path> classPath) {
    this.directory = directory;
    this.classPath = classPath;
  }

  /**
   * Prepares an archive of the class path of this JVM.
   *
   * @param directory where its files will be
   */
  static ClassArchive in(Path directory) throws IOException {
    List<Path> jars = new ArrayList<>();
    for (Path entry : ChildProcess.classPath()) {
      jars.add(Files.isDirectory(entry) ? pack(entry, directory, jars.size()) : entry);
    }
    return new ClassArchive(directory, jars);
  }

  private static Path pack(Path classes, Path directory, int number) throws IOException {
    Path jar = directory.resolve("directory-" + number + ".jar");
    try (OutputStream bytes = Files.newOutputStream(jar);
        ZipOutputStream zip = new ZipOutputStream(bytes);
        Stream<Path> files = Files.walk(classes)) {
      zip.setLevel(Deflater.BEST_SPEED);
      for (Path each : files.filter(Files::isRegularFile).toList()) {
        zip.putNextEntry(new ZipEntry(classes.relativize(each).toString()));
        Files.copy(each, zip);
        zip.closeEntry();
      }
    }
    return jar;
  }

  /**
   * The command of a JVM that uses the archive, or, as long as there is none, can write one when it
   * ends by itself.
   *
   * @param number of the worker
   */
  List<String> java(String mainClass, int number) {
    Path used = written;
    List<String> options =
        used == null
            ? List.of("-XX:ArchiveClassesAtExit=" + file(number))
            : List.of("-XX:SharedArchiveFile=" + used, "-Xshare:auto");
    return ChildProcess.java(options, classPath, mainClass);
  }

  private Path file(int number) {
    return directory.resolve("classes-" + number + ".jsa");
  }

  /** Ends a worker that has been of use, which writes the archive; only the first one. */
  void learnFrom(Worker worker) throws InterruptedException {
    if (!asked.compareAndSet(false, true)) {
      return;
    }
    try {
      Path file = file(worker.number());
      if (worker.end(WRITING) == 0 && Files.isRegularFile(file)) {
        written = file;
      }
    } catch (AssertionError | IOException withoutIt) {
      System.out.println("no class archive: " + withoutIt);
    }
  }
}
