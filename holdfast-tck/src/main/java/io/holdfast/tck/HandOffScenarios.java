package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.OutcomeUnknownException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Threads of several processes that want one lock all the time. */
interface HandOffScenarios {

  int PROCESSES = 4;
  int THREADS = 4;

  @Test
  default void everyThreadOfEveryProcessIsServedAndNothingIsLost(ServerLab lab) throws Exception {
    Duration time = Duration.ofSeconds(lab.kit().chaos() ? 60 : 4);
    SharedCounter counter = SharedCounter.create(lab.file("counter"));
    List<Worker> workers = lab.workersWithNodes(PROCESSES, Duration.ofSeconds(10));
    List<CompletableFuture<String>> visits = new ArrayList<>();
    workers.forEach(
        worker -> visits.add(worker.run(Visits.class, counter, THREADS, time.toMillis())));
    List<String> answers = visits.stream().map(lab::await).toList();

    long accepted = sum(answers);
    lab.say(
        "%d processes of %d threads on one lock: %.0f acquisitions a second, %.0f from process to"
            + " process; of each thread: %s",
        PROCESSES,
        THREADS,
        accepted * 1e3 / time.toMillis(),
        counter.moves() * 1e3 / time.toMillis(),
        String.join(" | ", answers));
    assertThat(counter.count()).as("acquisitions that were counted").isEqualTo(accepted);
    assertThat(answers)
        .as("acquisitions of each thread")
        .allMatch(answer -> Arrays.stream(answer.split(" ", -1)).noneMatch("0"::equals));
    workers.forEach(worker -> lab.await(worker.ask("close", "n")));
    lab.awaitEmptySpace();
  }

  /** The sum of the numbers in some answers. */
  static long sum(List<String> answers) {
    return answers.stream()
        .flatMap(answer -> Arrays.stream(answer.split(" ", -1)))
        .mapToLong(Long::parseLong)
        .sum();
  }

  /**
   * Order: a {@link SharedCounter}, a number of threads, and for how many milliseconds. Each thread
   * takes the lock and counts, again and again. Answer: how often each thread was accepted.
   */
  final class Visits implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      SharedCounter counter = SharedCounter.open(Path.of(arguments.get(0)));
      int threads = Integer.parseInt(arguments.get(1));
      long end =
          worker.environment().ticker().nanoTime()
              + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments.get(2)));
      AtomicLongArray accepted = new AtomicLongArray(threads);
      List<CompletableFuture<Void>> done = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        done.add(
            CompletableFuture.runAsync(
                () -> {
                  while (end - worker.environment().ticker().nanoTime() > 0) {
                    accepted.addAndGet(thread, visit(worker, counter) ? 1 : 0);
                  }
                },
                worker.threads()));
      }
      done.forEach(CompletableFuture::join);
      return Arrays.stream(accepted.toString().replaceAll("[\\[\\] ]", "").split(",", -1))
          .collect(Collectors.joining(" "));
    }

    /** Counts once under the lock; whether that was accepted. */
    private static boolean visit(WorkerMain worker, SharedCounter counter) {
      DistributedLock lock = worker.node("n").lock("contended");
      try (Hold hold = lock.acquire()) {
        return counter.increment(hold.token(), ProcessHandle.current().pid());
      } catch (EngineUnavailableException | OutcomeUnknownException outage) {
        return false;
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }
}
