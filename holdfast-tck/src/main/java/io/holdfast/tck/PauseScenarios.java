package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S02: holders that are stopped for longer than their lease, go on, and write. */
interface PauseScenarios {

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S02_noUpdateIsLostBehindAGuard(ProcessLab lab) throws Exception {
    int rounds = lab.size(2, 20);
    Pauses pauses = new Pauses(lab, true);
    pauses.stopHolders(rounds);
    assertThat(pauses.refused).as("late writes that the guard refused").isEqualTo(rounds);
    assertThat(pauses.lost()).as("lost updates").isZero();
  }

  /** What shows that the test above can see, on any engine. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S02_updatesAreLostWithoutAGuard(ProcessLab lab) throws Exception {
    int rounds = lab.size(2, 5);
    Pauses pauses = new Pauses(lab, false);
    pauses.stopHolders(rounds);
    assertThat(pauses.refused).isZero();
    assertThat(pauses.lost()).as("lost updates").isEqualTo(rounds);
  }

  /** Some workers, and what they were told of their updates. */
  final class Pauses {
    private final ProcessLab lab;
    private final boolean guarded;
    private final SharedTally tally;
    private final List<Worker> workers;
    private final Map<String, Integer> acknowledged = new HashMap<>();
    private int refused;

    Pauses(ProcessLab lab, boolean guarded) {
      this.lab = lab;
      this.guarded = guarded;
      tally = new SharedTally(lab.file("tally"));
      workers = lab.workersWithNodes(3, lab.ttl());
    }

    private void stopHolders(int rounds) {
      for (int round = 0; round < rounds; round++) {
        stopHolder(workers.get(round % 3), workers.get((round + 1) % 3));
      }
    }

    /** Stops a worker between its read and its write, until another one has done both. */
    private void stopHolder(Worker stopped, Worker next) {
      long stale = acquire(stopped);
      String seen = read(stopped);
      CompletableFuture<String> waiter = next.ask("acquire", "n", "tally");
      lab.eventually("a waiter", () -> lab.waiting("tally") == 1);
      long begun = lab.nanoTime();
      Duration left = lab.remaining(stopped, "tally");
      stopped.signal("STOP");
      long token = Long.parseLong(lab.await(waiter));
      Duration gap = Duration.ofNanos(lab.nanoTime() - begun);
      lab.say("S02: %s was stopped and replaced after %d ms", stopped, gap.toMillis());
      assertThat(gap)
          .as("from the stop of the holder to the next grant")
          .isBetween(left, lab.ttl().plusSeconds(1).plus(lab.kit().jitter()));
      assertThat(token).isGreaterThan(stale);
      assertThat(write(next, token, read(next))).as("write of the holder").isTrue();
      release(next);
      stopped.signal("CONT");
      if (!write(stopped, stale, seen)) {
        refused++;
        release(stopped);
        assertThat(write(stopped, acquire(stopped), read(stopped))).isTrue();
      }
      release(stopped);
    }

    private long acquire(Worker worker) {
      return Long.parseLong(lab.await(worker.ask("acquire", "n", "tally")));
    }

    private void release(Worker worker) {
      assertThat(lab.await(worker.ask("release", "n", "tally")))
          .isIn(Hold.Release.RELEASED.name(), Hold.Release.ALREADY_LOST.name());
    }

    private String read(Worker worker) {
      return lab.await(worker.run(SharedTally.Read.class, tally));
    }

    private boolean write(Worker worker, long token, String seen) {
      String name = Long.toString(worker.pid());
      String written =
          lab.await(
              worker.run(
                  SharedTally.Write.class,
                  tally,
                  guarded ? token : SharedTally.UNGUARDED,
                  SharedTally.plusOne(seen, name)));
      if (Boolean.parseBoolean(written)) {
        acknowledged.merge(name, 1, Integer::sum);
        return true;
      }
      return false;
    }

    private int lost() throws Exception {
      return lost(tally, acknowledged);
    }

    static int lost(SharedTally tally, Map<String, Integer> acknowledged) throws Exception {
      Map<String, Integer> counted = SharedTally.parse(tally.read());
      return acknowledged.entrySet().stream()
          .mapToInt(entry -> entry.getValue() - counted.getOrDefault(entry.getKey(), 0))
          .sum();
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S02_noUpdateIsLostWhenAnybodyIsStoppedAtAnyMoment(ProcessLab lab) throws Exception {
    SharedTally tally = new SharedTally(lab.file("tally"));
    Path end = lab.file("end");
    List<Worker> workers = lab.workersWithNodes(3, lab.ttl());
    List<CompletableFuture<String>> visits = new ArrayList<>();
    workers.forEach(worker -> visits.add(worker.run(Visits.class, tally, end)));
    lab.eventually("an update by everybody", () -> tally.names() == workers.size());
    int stops = lab.size(2, 60);
    for (int stop = 1; stop <= stops; stop++) {
      lab.pass(Duration.ofMillis(lab.environment().random().nextInt(300)));
      Worker stopped = workers.get(lab.environment().random().nextInt(3));
      stopped.signal("STOP");
      lab.pass(lab.ttl().plusSeconds(1));
      stopped.signal("CONT");
      lab.say("S02: %d of %d stops", stop, stops);
    }
    Files.createFile(end);
    Map<String, Integer> acknowledged = new HashMap<>();
    for (int i = 0; i < workers.size(); i++) {
      int updates = Integer.parseInt(lab.await(visits.get(i)));
      acknowledged.put(Long.toString(workers.get(i).pid()), updates);
    }
    lab.say("S02: acknowledged updates by process: %s", acknowledged);
    assertThat(acknowledged.values()).allMatch(updates -> updates > 0);
    assertThat(Pauses.lost(tally, acknowledged)).as("lost updates").isZero();
  }

  /** Updates a tally again and again until a file is there. Answer: how many were accepted. */
  final class Visits implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      SharedTally tally = new SharedTally(Path.of(arguments.get(0)));
      String name = Long.toString(ProcessHandle.current().pid());
      int accepted = 0;
      while (!Files.exists(Path.of(arguments.get(1)))) {
        try (Hold hold = worker.node("n").lock("tally").acquire()) {
          Optional<String> seen = tally.readGuarded(hold.token());
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
          if (seen.isPresent()) {
            String next = SharedTally.plusOne(seen.get(), name);
            accepted += tally.writeGuarded(hold.token(), next) ? 1 : 0;
          }
        }
      }
      return Integer.toString(accepted);
    }
  }
}
