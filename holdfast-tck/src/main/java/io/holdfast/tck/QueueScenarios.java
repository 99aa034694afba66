package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S16 and S24: hundreds of nodes in several processes that wait for one lock. */
interface QueueScenarios {

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S16_survivorOfHundredsIsGrantedInTime(ProcessLab lab) {
    int count = Math.max(50, lab.size(200, 500));
    // Long enough not to end while hundreds of nodes are started on a small machine.
    Duration ttl = Duration.ofSeconds(lab.kit().chaos() ? 10 : 5);
    Worker holder = lab.workerWithNode(Duration.ofMinutes(1));
    Worker survivor = lab.workerWithNode(Duration.ofMinutes(1));
    lab.await(holder.ask("acquire", "n", "a"));
    Crowd crowd = new Crowd(lab, count - 1, ttl);
    crowd.queue();
    CompletableFuture<String> granted = survivor.ask("acquire", "n", "a");
    awaitQueue(lab, count);
    crowd.sayWhatWaitingCosts("S16");

    long begun = lab.nanoTime();
    crowd.workers.forEach(Worker::kill);
    lab.await(holder.ask("release", "n", "a"));
    lab.await(granted);

    Duration gap = Duration.ofNanos(lab.nanoTime() - begun);
    lab.say("S16: survivor of %d granted %d ms after the kill", count, gap.toMillis());
    assertThat(gap)
        .as("from the kill to the grant")
        .isLessThan(
            // At the end of a long queue one looks once a second.
            lab.kit().latestAfterKill(ttl).plusSeconds(1).plus(lab.kit().jitter()));
    assertThat(lab.waiting("a")).as("waiters left").isZero();
    lab.await(survivor.ask("release", "n", "a"));
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S16_hundredsAreGrantedInOrderOfArrival(ProcessLab lab) {
    int count = lab.size(50, 500);
    Worker holder = lab.workerWithNode(Duration.ofMinutes(1));
    lab.await(holder.ask("acquire", "n", "a"));
    Crowd crowd = new Crowd(lab, count, Duration.ofMinutes(1));
    crowd.queueOneByOne();

    long begun = lab.nanoTime();
    lab.await(holder.ask("release", "n", "a"));
    List<Long> tokens =
        crowd.visits.stream().map(visit -> Long.parseLong(lab.await(visit))).toList();

    lab.say("S16: %d hand-offs in order in %d ms", count, millisSince(lab, begun));
    assertThat(tokens).as("tokens by order of arrival").isSorted().doesNotHaveDuplicates();
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S24_hundredsAreHandedOnWithoutAHerd(ProcessLab lab) {
    int count = lab.size(50, 1_000);
    Worker holder = lab.workerWithNode(Duration.ofMinutes(1));
    lab.await(holder.ask("acquire", "n", "a"));
    Crowd crowd = new Crowd(lab, count, Duration.ofMinutes(1));
    crowd.queue();
    crowd.sayWhatWaitingCosts("S24");
    long eventsBefore = crowd.events();

    long begun = lab.nanoTime();
    Duration used = crowd.processorTime();
    lab.await(holder.ask("release", "n", "a"));
    crowd.visits.forEach(lab::await);

    long events = crowd.events() - eventsBefore;
    lab.say(
        "S24: %d hand-offs took %d ms, %d ms of processor time, and %d events",
        count, millisSince(lab, begun), crowd.processorTime().minus(used).toMillis(), events);
    // Each is told of its grant once, and that the next one waits.
    assertThat(events).as("events for %d hand-offs", count).isBetween((long) count, 3L * count);
  }

  /** To look at a long queue is work, so it is done now and then. */
  private static void awaitQueue(ProcessLab lab, int length) {
    lab.eventually(
        "a queue of " + length,
        () -> {
          lab.pass(Duration.ofMillis(200));
          return lab.waiting("a") == length;
        });
  }

  private static long millisSince(ProcessLab lab, long begun) {
    return Duration.ofNanos(lab.nanoTime() - begun).toMillis();
  }

  /** How many nodes connect, or ask for the lock, at the same time. */
  int WAVE = 50;

  /** Many nodes in a few processes. */
  final class Crowd {
    private final ProcessLab lab;
    private final List<Worker> workers = new ArrayList<>();
    private final int count;
    private final List<CompletableFuture<String>> visits = new ArrayList<>();

    Crowd(ProcessLab lab, int count, Duration ttl) {
      this.lab = lab;
      this.count = count;
      for (int i = 0; i < (lab.kit().chaos() ? 5 : 3); i++) {
        workers.add(lab.worker());
      }
      long begun = lab.nanoTime();
      List<CompletableFuture<String>> opened = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        opened.add(worker(i).ask("open", "n" + i, ttl.toMillis()));
        if (opened.size() % WAVE == 0) {
          opened.forEach(lab::await);
        }
      }
      opened.forEach(lab::await);
      lab.say("%d nodes are open after %d ms", count, millisSince(lab, begun));
    }

    private Worker worker(int node) {
      return workers.get(node % workers.size());
    }

    /** Each node waits for the lock and, once it is granted, releases it. */
    private void queue() {
      long begun = lab.nanoTime();
      for (int i = 0; i < count; i++) {
        visits.add(worker(i).ask("visit", "n" + i, "a"));
        if ((i + 1) % WAVE == 0 || i + 1 == count) {
          awaitQueue(lab, i + 1);
        }
      }
      lab.say("%d nodes wait after %d ms", count, millisSince(lab, begun));
    }

    /** The same, each when the one before has arrived. */
    private void queueOneByOne() {
      for (int i = 0; i < count; i++) {
        visits.add(worker(i).ask("visit", "n" + i, "a"));
        int arrived = i + 1;
        lab.eventually("arrival of " + i, () -> lab.waiting("a") == arrived);
      }
    }

    private long events() {
      return workers.stream()
          .mapToLong(worker -> Long.parseLong(lab.await(worker.run(Events.class))))
          .sum();
    }

    private Duration processorTime() {
      return workers.stream().map(Worker::processorTime).reduce(Duration.ZERO, Duration::plus);
    }

    /** Measures the processor time of a while, where there is time for it. */
    private void sayWhatWaitingCosts(String scenario) {
      if (!lab.kit().chaos()) {
        return;
      }
      Duration window = Duration.ofSeconds(5);
      Duration before = processorTime();
      lab.pass(window);
      lab.say(
          "%s: %d nodes in %d processes used %.0f %% of a processor while they waited",
          scenario,
          count,
          workers.size(),
          100.0 * processorTime().minus(before).toMillis() / window.toMillis());
    }
  }

  /** Answer: how many events the nodes have heard. */
  final class Events implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) {
      return Long.toString(worker.events());
    }
  }
}
