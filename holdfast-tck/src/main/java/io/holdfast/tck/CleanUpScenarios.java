package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S04 and S05: what is left behind by those who release, give up, and die. */
interface CleanUpScenarios {

  /** What a node renews is its own affair; that others give up is shown by S05 on each engine. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(LoadRules.LOAD)
  default void S04_nothingIsRenewedAfterTheLastReleaseAndClose(ProcessLab lab) {
    int processes = 3;
    int rounds = lab.size(30_000, 1_000_000) / processes;
    List<Worker> workers = lab.workersWithNodes(processes, lab.ttl());
    long begun = lab.nanoTime();
    List<CompletableFuture<String>> churns = new ArrayList<>();
    workers.forEach(worker -> churns.add(worker.run(Churn.class, rounds)));
    churns.forEach(churn -> lab.say("S04: %s", lab.await(churn)));
    lab.say("S04: took %d ms", Duration.ofNanos(lab.nanoTime() - begun).toMillis());

    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
    workers.forEach(worker -> lab.await(worker.ask("close", "n")));
    List<String> renewals = renewals(lab, workers);
    lab.pass(lab.ttl().plusSeconds(1));
    assertThat(renewals(lab, workers)).as("renewals after the end").isEqualTo(renewals);
  }

  private static List<String> renewals(ProcessLab lab, List<Worker> workers) {
    return workers.stream().map(worker -> lab.await(worker.run(Renewals.class))).toList();
  }

  /** Answer: how many renewals were asked for. */
  final class Renewals implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) {
      return Long.toString(worker.renewals());
    }
  }

  /**
   * Order: how many rounds. Nearly all of them take a lock that is retained; every 50th one asks
   * for one that others want too, and may give up in one of the ways there are.
   */
  final class Churn implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      int rounds = Integer.parseInt(arguments.get(0));
      RandomGenerator random = worker.environment().random();
      Holdfast node = worker.node("n");
      DistributedLock own = node.lock("own/" + ProcessHandle.current().pid());
      int contended = 0;
      int had = 0;
      for (int round = 0; round < rounds; round++) {
        if (round % 50 != 0) {
          own.acquire().close();
          continue;
        }
        contended++;
        DistributedLock shared = node.lock("shared/" + random.nextInt(3));
        GiveUp.Way way = GiveUp.Way.LOCAL.get(random.nextInt(GiveUp.Way.LOCAL.size()));
        had += GiveUp.giveUp(shared, way, random.nextLong(10_000_000)) ? 1 : 0;
      }
      return rounds + " rounds, " + contended + " on shared locks, of which granted " + had;
    }
  }

  /**
   * Order: a node, a name, a way, and after how many nanoseconds. Answer: whether it was granted.
   */
  final class GiveUp implements WorkerTask {

    /** How to stop waiting. */
    enum Way {
      TIMEOUT,
      INTERRUPT,
      CANCEL,
      CLOSE;

      private static final List<Way> ALL = List.of(values());

      /** Those that leave the node open. */
      private static final List<Way> LOCAL = List.of(TIMEOUT, INTERRUPT, CANCEL);
    }

    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      Holdfast node = worker.node(arguments.get(0));
      Way way = Way.valueOf(arguments.get(2));
      long nanos = Long.parseLong(arguments.get(3));
      DistributedLock lock = node.lock(arguments.get(1));
      if (way != Way.CLOSE) {
        return Boolean.toString(giveUp(lock, way, nanos));
      }
      CompletableFuture<Hold> waiter = lock.acquireAsync(Owner.of("leaver")).toCompletableFuture();
      pause(nanos);
      node.close();
      return Boolean.toString(waiter.isDone() && !waiter.isCompletedExceptionally());
    }

    /** Asks for a lock and gives up after a time; releases it if it was granted. */
    static boolean giveUp(DistributedLock lock, Way way, long nanos) throws Exception {
      if (way == Way.TIMEOUT) {
        Optional<Hold> hold = lock.tryAcquire(Duration.ofNanos(nanos + 1));
        hold.ifPresent(Hold::close);
        return hold.isPresent();
      }
      return way == Way.INTERRUPT
          ? interrupt(lock, nanos)
          : cancel(lock.acquireAsync(Owner.of("canceller")).toCompletableFuture(), nanos);
    }

    private static boolean interrupt(DistributedLock lock, long nanos) throws Exception {
      AtomicBoolean granted = new AtomicBoolean();
      Thread waiting =
          new Thread(
              () -> {
                try (Hold hold = lock.acquire()) {
                  granted.set(hold.isHeld());
                } catch (InterruptedException interrupted) {
                  Thread.currentThread().interrupt();
                }
              });
      waiting.start();
      pause(nanos);
      waiting.interrupt();
      waiting.join();
      return granted.get();
    }

    private static boolean cancel(CompletableFuture<Hold> waiter, long nanos) {
      pause(nanos);
      waiter.cancel(true);
      try {
        waiter.join().close();
        return true;
      } catch (CancellationException | CompletionException cancelled) {
        return false;
      }
    }

    private static void pause(long nanos) {
      LockSupport.parkNanos(nanos);
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S05_nextWaiterIsGrantedAtOnceHoweverTheOneBeforeGaveUp(ProcessLab lab) {
    List<Worker> workers = lab.workersWithNodes(3, Duration.ofMinutes(1));
    Worker holder = workers.get(0);
    Worker leaver = workers.get(1);
    Worker next = workers.get(2);
    RandomGenerator random = lab.environment().random();
    int rounds = lab.size(100, 5_000);
    int granted = 0;
    Duration longest = Duration.ZERO;
    for (int round = 0; round < rounds; round++) {
      GiveUp.Way way = GiveUp.Way.ALL.get(round % GiveUp.Way.ALL.size());
      String node = way == GiveUp.Way.CLOSE ? "leaver" + round : "n";
      if (way == GiveUp.Way.CLOSE) {
        lab.await(leaver.ask("open", node, Duration.ofMinutes(1).toMillis()));
      }
      lab.await(holder.ask("acquire", "n", "a"));
      CompletableFuture<String> left =
          leaver.run(GiveUp.class, node, "a", way, random.nextLong(6_000_000));
      LockSupport.parkNanos(random.nextLong(6_000_000));
      CompletableFuture<String> released = holder.ask("release", "n", "a");
      granted += lab.await(left).equals("true") ? 1 : 0;
      lab.await(released);
      Duration wait = visit(lab, next, "after " + way);
      longest = wait.compareTo(longest) > 0 ? wait : longest;
    }
    lab.say(
        "S05: %d of %d were granted before they gave up; the next one waited for %d ms at most",
        granted, rounds, longest.toMillis());
    lab.eventually("nothing left", () -> lab.inspector().list("").isEmpty());
  }

  private static Duration visit(ProcessLab lab, Worker next, String when) {
    long begun = lab.nanoTime();
    lab.await(next.ask("visit", "n", "a"));
    Duration wait = Duration.ofNanos(lab.nanoTime() - begun);
    assertThat(wait)
        .as("wait of the next one " + when)
        .isLessThan(Duration.ofSeconds(1).plus(lab.kit().jitter()));
    return wait;
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S05_killedWaitersAndHoldersLeaveNothing(ProcessLab lab) {
    List<Worker> workers = lab.workersWithNodes(2, Duration.ofMinutes(1));
    Worker holder = workers.get(0);
    Worker next = workers.get(1);
    RandomGenerator random = lab.environment().random();
    int rounds = lab.size(3, 200);
    for (int done = 0; done < rounds; done += 3) {
      for (Worker victim : lab.workersWithNodes(3, lab.ttl())) {
        lab.await(holder.ask("acquire", "n", "a"));
        CompletableFuture<String> doomed = victim.ask("acquire", "n", "a");
        LockSupport.parkNanos(random.nextLong(10_000_000));
        CompletableFuture<String> released = holder.ask("release", "n", "a");
        LockSupport.parkNanos(random.nextLong(3_000_000));
        boolean granted = doomed.isDone();
        victim.kill();
        lab.await(released);

        long begun = lab.nanoTime();
        lab.await(next.ask("visit", "n", "a"));

        Duration wait = Duration.ofNanos(lab.nanoTime() - begun);
        lab.say(
            "S05: killed %s its grant, the next one waited for %d ms",
            granted ? "after" : "before", wait.toMillis());
        assertThat(wait).isLessThan(lab.kit().latestAfterKill(lab.ttl()).plus(lab.kit().jitter()));
      }
    }
    lab.eventually("nothing left", () -> lab.inspector().list("").isEmpty());
  }
}
