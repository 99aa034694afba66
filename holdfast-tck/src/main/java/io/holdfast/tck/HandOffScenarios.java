package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Environment;
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
import org.junit.jupiter.api.parallel.ResourceLock;

/** Threads of several processes that want one lock all the time. */
interface HandOffScenarios {

  int PROCESSES = 4;
  int THREADS = 4;

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void everyThreadOfEveryProcessIsServedAndNothingIsLost(ServerLab lab) throws Exception {
    Duration time = Duration.ofSeconds(lab.kit().chaos() ? 60 : 2);
    SharedCounter counter = SharedCounter.create(lab.file("counter"));
    List<Worker> workers = lab.workersWithNodes(PROCESSES, Duration.ofSeconds(10));
    List<CompletableFuture<String>> visits = new ArrayList<>();
    workers.forEach(
        worker -> visits.add(worker.run(Visits.class, counter, false, THREADS, time.toMillis())));
    // A thread that is never served never ends.
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
   * Order: a {@link SharedCounter}, whether it guards itself, a number of threads, and for how many
   * milliseconds. Each thread takes the lock and counts, again and again, and once at least,
   * however long that takes. Answer: how often each thread was accepted.
   */
  final class Visits implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      SharedCounter counter = SharedCounter.open(Path.of(arguments.get(0)));
      boolean guarded = Boolean.parseBoolean(arguments.get(1));
      int threads = Integer.parseInt(arguments.get(2));
      Environment.Ticker clock = worker.environment().ticker();
      long end = clock.nanoTime() + TimeUnit.MILLISECONDS.toNanos(Long.parseLong(arguments.get(3)));
      AtomicLongArray accepted = new AtomicLongArray(threads);
      List<CompletableFuture<Void>> done = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        int thread = i;
        done.add(
            CompletableFuture.runAsync(
                () -> {
                  while (!Thread.currentThread().isInterrupted()
                      && (accepted.get(thread) == 0 || end - clock.nanoTime() > 0)) {
                    accepted.addAndGet(thread, visit(worker, counter, guarded) ? 1 : 0);
                  }
                },
                worker.threads()));
      }
      done.forEach(CompletableFuture::join);
      return Arrays.stream(accepted.toString().replaceAll("[\\[\\] ]", "").split(",", -1))
          .collect(Collectors.joining(" "));
    }

    /** Counts once under the lock; whether that was accepted. */
    private static boolean visit(WorkerMain worker, SharedCounter counter, boolean guarded) {
      DistributedLock lock = worker.node("n").lock("contended");
      try (Hold hold = lock.acquire()) {
        long who = ProcessHandle.current().pid();
        return guarded
            ? counter.incrementGuarded(hold.token(), who)
            : counter.increment(hold.token(), who);
      } catch (EngineUnavailableException | OutcomeUnknownException outage) {
        return false;
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }
}
