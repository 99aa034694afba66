package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** S24 and S33: neighbours that die with all they have, or ask for more than is good. */
interface ExpiryScenarios {

  @Test
  default void S24_massExpiryDelaysNoRenewal(ProcessLab lab) throws Exception {
    int count = lab.size(5_000, 50_000);
    List<Worker> workers = lab.workersWithNodes(3, lab.ttl());
    Worker dying = workers.get(0);
    Worker heir = workers.get(1);
    Worker neighbour = workers.get(2);
    lab.await(neighbour.ask("acquire", "n", "neighbour"));
    lab.say("S24: %s", lab.await(dying.run(TakeMany.class, count)));
    Path end = lab.file("end");
    CompletableFuture<String> delay = neighbour.run(RenewalDelay.class, "neighbour", end);
    CompletableFuture<String> ownDelay = heir.run(RenewalDelay.class, "heir", end);

    dying.kill();
    lab.say("S24: after the kill: %s", lab.await(heir.run(TakeMany.class, count)));
    Files.createFile(end);

    Duration longest = Duration.ofMillis(Long.parseLong(lab.await(delay)));
    lab.say(
        "S24: renewals of a neighbour were late by %d ms at most, those of the heir by %s ms",
        longest.toMillis(), lab.await(ownDelay));
    // When a renewal is due, two thirds of the lease are left.
    Duration limit = lab.ttl().dividedBy(2);
    assertThat(longest).as("delay of a neighbour's renewal").isLessThan(limit);
    assertThat(Long.parseLong(lab.await(ownDelay)))
        .as("delay of the heir's renewal, in ms")
        .isLessThan(limit.toMillis());
    assertThat(lab.await(neighbour.ask("held", "n", "neighbour"))).isEqualTo("true");
  }

  /** Order: how many locks. Takes them all at once, and keeps them. */
  final class TakeMany implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) {
      int count = Integer.parseInt(arguments.get(0));
      Holdfast node = worker.node("n");
      long begun = worker.environment().ticker().nanoTime();
      List<CompletableFuture<Hold>> holds = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        holds.add(node.lock("many/" + i).acquireAsync(Owner.of("taker")).toCompletableFuture());
      }
      holds.forEach(CompletableFuture::join);
      long took = worker.environment().ticker().nanoTime() - begun;
      return count + " locks taken in " + TimeUnit.NANOSECONDS.toMillis(took) + " ms";
    }
  }

  /**
   * Order: a name, and a file. Holds the lock until the file is there. Answer: by how many
   * milliseconds the latest renewal was late, as far as the hold can tell.
   */
  final class RenewalDelay implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      try (Hold hold = worker.node("n").lock(arguments.get(0) + "/renewal").acquire()) {
        // Right after a renewal the whole lease is left, and right before it two thirds.
        Duration whole = Duration.ZERO;
        Duration shortest = Duration.ofDays(1);
        while (!Files.exists(Path.of(arguments.get(1)))) {
          Duration left = hold.remaining();
          whole = left.compareTo(whole) > 0 ? left : whole;
          shortest = left.compareTo(shortest) < 0 ? left : shortest;
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
        long expected = whole.multipliedBy(2).dividedBy(3).toMillis();
        return Long.toString(Math.max(0, expected - shortest.toMillis()));
      }
    }
  }

  /** How many locks the greedy client asks for. */
  int WANTED = 100;

  @Test
  default void S33_aGreedyClientDoesNotSlowDownOthersMuch(ProcessLab lab) throws Exception {
    List<Worker> workers = lab.workersWithNodes(3, Duration.ofMinutes(1));
    Worker holder = workers.get(0);
    Worker greedy = workers.get(1);
    Worker modest = workers.get(2);
    for (int i = 0; i < WANTED; i++) {
      lab.await(holder.ask("acquire", "n", "wanted/" + i));
    }
    int visits = lab.size(500, 5_000);
    lab.await(modest.run(Latency.class, visits));
    Latency.Figures before = latency(lab, modest, visits);
    Path end = lab.file("end");
    CompletableFuture<String> tries = greedy.run(Greed.class, end);
    Latency.Figures loud = latency(lab, modest, visits);
    Files.createFile(end);
    String rate = lab.await(tries);
    Latency.Figures quiet = before.worse(latency(lab, modest, visits));
    lab.say("S33: acquire and release alone: %s; beside %s: %s", quiet, rate, loud);
    long noise = TimeUnit.NANOSECONDS.toMicros(lab.kit().jitter().toNanos());
    assertThat(loud.median())
        .as("median beside a greedy client, in µs")
        .isLessThan(2 * quiet.median() + noise / 100);
    assertThat(loud.p99())
        .as("p99 beside a greedy client, in µs")
        .isLessThan(2 * quiet.p99() + noise / 20);
  }

  private static Latency.Figures latency(ProcessLab lab, Worker worker, int visits) {
    String[] figures = lab.await(worker.run(Latency.class, visits)).split(" ", -1);
    return new Latency.Figures(Long.parseLong(figures[0]), Long.parseLong(figures[1]));
  }

  /** Order: how many rounds. Answer: median and p99 of a cold acquire and release, in µs. */
  final class Latency implements WorkerTask {

    /** What was measured, in microseconds. */
    record Figures(long median, long p99) {

      private Figures worse(Figures other) {
        return new Figures(Math.max(median, other.median), Math.max(p99, other.p99));
      }

      @Override
      public String toString() {
        return "median " + median + " µs, p99 " + p99 + " µs";
      }
    }

    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      long[] times = new long[Integer.parseInt(arguments.get(0))];
      DistributedLock lock =
          worker.node("n").lock("modest", LockOptions.DEFAULT.retention(LockOptions.Retention.OFF));
      for (int i = 0; i < times.length; i++) {
        long begun = worker.environment().ticker().nanoTime();
        lock.acquire().close();
        times[i] = (worker.environment().ticker().nanoTime() - begun) / 1_000;
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
      }
      Arrays.sort(times);
      return times[times.length / 2] + " " + times[times.length * 99 / 100];
    }
  }

  /**
   * Order: a file. Tries to get locks that are held, 10,000 times a second, until the file is
   * there. It does not wait for one answer before it asks again.
   */
  final class Greed implements WorkerTask {

    private static final long GAP_NANOS = TimeUnit.SECONDS.toNanos(1) / 10_000;

    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      Holdfast node = worker.node("n");
      AtomicLong granted = new AtomicLong();
      AtomicLong refused = new AtomicLong();
      Semaphore underWay = new Semaphore(1_000);
      long begun = worker.environment().ticker().nanoTime();
      for (long tries = 0; !Files.exists(Path.of(arguments.get(0))); tries++) {
        underWay.acquire();
        Owner owner = Owner.of("try" + tries);
        node.lock("wanted/" + tries % WANTED)
            .tryAcquireAsync(owner)
            .whenComplete(
                (hold, failure) -> {
                  underWay.release();
                  (hold != null && hold.isPresent() ? granted : refused).incrementAndGet();
                });
        long due = begun + tries * GAP_NANOS;
        LockSupport.parkNanos(due - worker.environment().ticker().nanoTime());
      }
      long millis = TimeUnit.NANOSECONDS.toMillis(worker.environment().ticker().nanoTime() - begun);
      if (granted.get() > 0) {
        throw new IllegalStateException("granted beside the holder: " + granted);
      }
      return refused.get() * 1_000 / millis + " tries a second";
    }
  }
}
