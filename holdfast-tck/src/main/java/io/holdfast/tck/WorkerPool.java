package io.holdfast.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The workers of all tests of this JVM. One that has served a test and is none the worse for it
 * serves the next one, whatever its engine; all end with this JVM. Thread-safe.
 */
final class WorkerPool {

  private static final int MOST_IDLE = 8;

  /** How long a worker may take to close its nodes. */
  private static final Duration CLOSING = Duration.ofSeconds(10);

  private static final Set<Worker> RUNNING = ConcurrentHashMap.newKeySet();
  private static final Deque<Worker> IDLE = new ArrayDeque<>();
  private static final AtomicInteger STARTED = new AtomicInteger();

  private static final Path DIRECTORY;
  private static final ClassArchive ARCHIVE;

  static {
    try {
      DIRECTORY = Files.createTempDirectory("holdfast-workers");
      ARCHIVE = ClassArchive.in(DIRECTORY);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    Runtime.getRuntime().addShutdownHook(new Thread(WorkerPool::end, "end-of-workers"));
  }

  private WorkerPool() {}

  /**
   * A worker without nodes.
   *
   * @param variables of its environment, beside those of this process; a worker that has some is
   *     for one test only
   * @param uri where the engine is
   */
  static Worker take(Map<String, String> variables, String uri, String space) {
    Worker worker = variables.isEmpty() ? idle() : null;
    if (worker == null) {
      worker = start(variables);
    }
    worker.begin(uri, space);
    return worker;
  }

  private static @Nullable Worker idle() {
    synchronized (IDLE) {
      for (Worker worker = IDLE.poll(); worker != null; worker = IDLE.poll()) {
        if (worker.isFit()) {
          return worker;
        }
        discard(worker);
      }
      return null;
    }
  }

  private static Worker start(Map<String, String> variables) {
    int number = STARTED.incrementAndGet();
    Path errors = DIRECTORY.resolve("worker-" + number + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(ARCHIVE.java(WorkerMain.class.getName(), number))
            .redirectError(errors.toFile());
    builder.environment().putAll(variables);
    try {
      Worker worker = new Worker(number, builder.start(), errors);
      RUNNING.add(worker);
      if (!variables.isEmpty()) {
        worker.retire();
      }
      return worker;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Takes back the workers of a test: they close their nodes, or end. */
  static void giveBack(Collection<Worker> workers) {
    Map<Worker, CompletableFuture<String>> over = new HashMap<>();
    workers.stream().filter(Worker::isFit).forEach(worker -> over.put(worker, worker.over()));
    Set<Worker> rest = new HashSet<>(workers);
    try {
      Pace.Deadline deadline = Pace.within(CLOSING);
      for (Map.Entry<Worker, CompletableFuture<String>> each : over.entrySet()) {
        CompletableFuture<String> done = each.getValue();
        if (deadline.await(done) && !done.isCompletedExceptionally() && keep(each.getKey())) {
          rest.remove(each.getKey());
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    rest.forEach(WorkerPool::discard);
  }

  private static boolean keep(Worker worker) throws InterruptedException {
    ARCHIVE.learnFrom(worker);
    synchronized (IDLE) {
      return worker.isFit() && IDLE.size() < MOST_IDLE && IDLE.offerFirst(worker);
    }
  }

  private static void discard(Worker worker) {
    worker.close();
    RUNNING.remove(worker);
  }

  private static void end() {
    RUNNING.forEach(Worker::close);
    try (Stream<Path> files = Files.walk(DIRECTORY)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException | UncheckedIOException unimportant) {
      System.out.println("left behind: " + DIRECTORY + " (" + unimportant + ")");
    }
  }
}
