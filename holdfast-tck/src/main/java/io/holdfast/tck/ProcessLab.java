package io.holdfast.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * What one test of {@link ProcessKit} works with, for subclasses that override a test: a {@link
 * LockLab} with child processes, all of which it ends or gives back, and a directory.
 */
public class ProcessLab extends LockLab {

  /** How many tests with processes run at once, at most. */
  private static final Semaphore PLACES = new Semaphore(6);

  private final WorkerKit kit;
  private final Path directory;
  private final List<Worker> workers = new ArrayList<>();

  ProcessLab(WorkerKit kit) {
    super(kit);
    this.kit = kit;
    PLACES.acquireUninterruptibly();
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

  /**
   * The TTL of nodes that are to live through it: as short as the machine allows at the moment, and
   * not so long that nothing happens to it.
   */
  Duration livingTtl() {
    return kit.shortTtl().multipliedBy(Math.round(Math.min(3, Pace.factor())));
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
    Worker worker = WorkerPool.take(variables, uri, space());
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

  /** What is left of the lease of a worker's node {@code n}, as its hold counts. */
  Duration remaining(Worker worker, String name) {
    return Duration.ofMillis(Long.parseLong(await(worker.ask("remaining", "n", name))));
  }

  /** Shows a figure or progress. */
  @SuppressWarnings("AnnotateFormatMethod") // The annotation would be a dependency.
  void say(String format, Object... values) {
    System.out.println(kit.getClass().getSimpleName() + ": " + String.format(format, values));
  }

  @Override
  public void close() {
    try {
      WorkerPool.giveBack(workers);
      super.close();
    } finally {
      PLACES.release();
    }
    Trees.delete(directory);
  }
}
