package io.holdfast.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What one test of {@link ProcessKit} works with, for subclasses that override a test: a {@link
 * LockLab} with child processes, all of which it ends, and a directory.
 */
public class ProcessLab extends LockLab {

  private final WorkerKit kit;
  private final Path directory;
  private final List<Worker> workers = new ArrayList<>();

  ProcessLab(WorkerKit kit) {
    super(kit);
    this.kit = kit;
    try {
      directory = Files.createTempDirectory("holdfast-kit");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Override
  WorkerKit kit() {
    return kit;
  }

  /** The TTL of nodes that are to die or to be stopped. */
  Duration ttl() {
    return kit.shortTtl();
  }

  /** A size for the default build or one for the long run. */
  int size(int normal, int chaos) {
    return kit.scaled(kit.chaos() ? chaos : normal);
  }

  /** A file of this test; not made yet. */
  Path file(String name) {
    return directory.resolve(name);
  }

  /** Starts a process without nodes. */
  Worker worker() {
    return worker(Map.of());
  }

  /** Starts a process with variables of its own in its environment. */
  Worker worker(Map<String, String> variables) {
    return worker(variables, kit.engineUri());
  }

  /** Starts a process that knows the engine by another URI. */
  Worker worker(Map<String, String> variables, String uri) {
    Path errors = file("worker-" + workers.size() + ".err");
    Worker worker = Worker.start(variables, errors, uri, space());
    workers.add(worker);
    return worker;
  }

  /** Starts a process with one node, {@code n}. */
  Worker workerWithNode(Duration ttl) {
    Worker worker = worker();
    await(worker.ask("open", "n", ttl.toMillis()));
    return worker;
  }

  /** Starts several processes with one node each, {@code n}. */
  List<Worker> workersWithNodes(int count, Duration ttl) {
    List<Worker> started = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      started.add(worker());
    }
    started.stream()
        .map(worker -> worker.ask("open", "n", ttl.toMillis()))
        .toList()
        .forEach(this::await);
    return started;
  }

  /** Shows a figure or progress. */
  @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency.
  void say(String format, Object... values) {
    System.out.println(kit.getClass().getSimpleName() + ": " + String.format(format, values));
  }

  @Override
  public void close() {
    workers.forEach(Worker::kill);
    workers.forEach(Worker::close);
    super.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException unimportant) {
      say("left behind: %s (%s)", directory, unimportant);
    }
  }
}
