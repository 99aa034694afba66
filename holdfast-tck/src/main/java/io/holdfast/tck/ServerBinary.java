package io.holdfast.tck;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Looks for the programs of servers. */
final class ServerBinary {

  private ServerBinary() {}

  static Optional<Path> find(String program, String... places) {
    List<Path> directories = new ArrayList<>();
    for (String place : places) {
      directories.addAll(expand(place));
    }
    String path = System.getenv("PATH");
    Stream.of(path == null ? new String[0] : path.split(":", -1))
        .filter(place -> !place.isEmpty())
        .forEach(place -> directories.add(Path.of(place)));
    // Where Debian puts servers, and where the PATH of a plain user often does not lead.
    directories.addAll(List.of(Path.of("/usr/sbin"), Path.of("/usr/local/bin")));
    return directories.stream()
        .map(directory -> directory.resolve(program))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }

  static Path require(String program, String howToGetIt, String... places) {
    Optional<Path> found = find(program, places);
    assumeTrue(
        found.isPresent(),
        "this test needs the server " + program + "; get it, for example with: " + howToGetIt);
    return found.orElseThrow();
  }

  /** The directories that a pattern stands for, the highest version first. */
  private static List<Path> expand(String pattern) {
    List<Path> found = List.of(Path.of("/"));
    for (Path part : Path.of(pattern).toAbsolutePath()) {
      List<Path> next = new ArrayList<>();
      for (Path directory : found) {
        next.addAll(children(directory, part.toString()));
      }
      found = next;
    }
    return found;
  }

  private static List<Path> children(Path directory, String glob) {
    if (!glob.contains("*")) {
      Path child = directory.resolve(glob);
      return Files.isDirectory(child) ? List.of(child) : List.of();
    }
    List<Path> children = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory, glob)) {
      stream.forEach(children::add);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
    children.removeIf(child -> !Files.isDirectory(child));
    children.sort(Comparator.comparing(ServerBinary::sortable).reversed());
    return children;
  }

  /** A name whose numbers compare by value: 9 before 17. */
  private static String sortable(Path file) {
    StringBuilder text = new StringBuilder();
    for (String part : file.toString().split("(?<=\\d)(?=\\D)|(?<=\\D)(?=\\d)", -1)) {
      text.append(part.matches("\\d+") ? "0".repeat(Math.max(0, 12 - part.length())) : "");
      text.append(part);
    }
    return text.toString();
  }
}
