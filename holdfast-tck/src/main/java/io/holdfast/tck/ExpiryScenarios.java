package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.engine.Environment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S24 and S33: neighbours that die with all they have, or ask for more than is good. */
interface ExpiryScenarios {

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S24_massExpiryDelaysNoRenewal(ProcessLab lab) throws Exception {
    int count = lab.size(5_000, 50_000);
    Duration ttl = lab.livingTtl();
    Worker dying = lab.workerWithNode(lab.ttl());
    Worker heir = lab.workerWithNode(ttl);
    Worker neighbour = lab.workerWithNode(ttl);
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
    Duration limit = ttl.dividedBy(2);
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

  /**
   * What the noise costs the modest client is shown here and judged by no one: the benchmark
   * compares times.
   */
  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S33_aModestClientIsServedBesideAGreedyOne(ProcessLab lab) throws Exception {
    List<Worker> workers = lab.workersWithNodes(3, Duration.ofMinutes(1));
    Worker holder = workers.get(0);
    Worker greedy = workers.get(1);
    Worker modest = workers.get(2);
    for (int i = 0; i < WANTED; i++) {
      lab.await(holder.ask("acquire", "n", "wanted/" + i));
    }
    Path begin = lab.file("begin");
    Path end = lab.file("end");
    CompletableFuture<String> tries = greedy.run(Greed.class, begin, end);
    lab.eventually("somebody greedy", () -> Files.exists(begin));

    String visits = lab.await(modest.run(Visits.class, lab.size(500, 5_000)));

    assertThat(tries).as("the greedy one has not ended before").isNotDone();
    Files.createFile(end);
    lab.say("S33: beside %s: %s", lab.await(tries), visits);
    assertThat(lab.inspector().list(""))
        .as("locks in the end")
        .hasSize(WANTED)
        .allSatisfy(lock -> assertThat(lock.waiters()).isEmpty());
    assertThat(lab.await(holder.ask("held", "n", "wanted/0"))).isEqualTo("true");
  }

  /** Order: how many visits. Answer: how long a cold acquire and release took. */
  final class Visits implements WorkerTask {

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
      return "acquire and release in %d µs (median), %d µs at most"
          .formatted(times[times.length / 2], times[times.length - 1]);
    }
  }

  /**
   * Order: two files. Tries to get locks that are held, 10,000 times a second, and does not wait
   * for one answer before it asks again. Makes the first file once it is at it, and ends when the
   * second one is there. Answer: how many tries were refused; all were, and all were answered.
   */
  final class Greed implements WorkerTask {

    private static final long GAP_NANOS = TimeUnit.SECONDS.toNanos(1) / 10_000;
    private static final int UNDER_WAY = 1_000;

    private final AtomicLong granted = new AtomicLong();
    private final AtomicLong refused = new AtomicLong();
    private final AtomicLong unanswered = new AtomicLong();
    private final Semaphore underWay = new Semaphore(UNDER_WAY);

    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      Environment.Ticker clock = worker.environment().ticker();
      long begun = clock.nanoTime();
      for (long tries = 0; !Files.exists(Path.of(arguments.get(1))); tries++) {
        underWay.acquire();
        ask(worker.node("n").lock("wanted/" + tries % WANTED), Owner.of("try" + tries));
        if (tries == UNDER_WAY) {
          Files.createFile(Path.of(arguments.get(0)));
        }
        LockSupport.parkNanos(begun + tries * GAP_NANOS - clock.nanoTime());
      }
      underWay.acquire(UNDER_WAY);
      long millis = TimeUnit.NANOSECONDS.toMillis(clock.nanoTime() - begun);
      if (granted.get() > 0 || refused.get() == 0) {
        throw new IllegalStateException(
            granted + " granted beside the holder, " + refused + " refused");
      }
      return "%d tries refused a second, %d not answered in time"
          .formatted(refused.get() * 1_000 / millis, unanswered.get());
    }

    private void ask(DistributedLock lock, Owner owner) {
      CompletionStage<?> unused =
          lock.tryAcquireAsync(owner)
              .whenComplete(
                  (hold, failure) -> {
                    AtomicLong outcome =
                        failure != null ? unanswered : hold.isPresent() ? granted : refused;
                    outcome.incrementAndGet();
                    underWay.release();
                  });
    }
  }
}
