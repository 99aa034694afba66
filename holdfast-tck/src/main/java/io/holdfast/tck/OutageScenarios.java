package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.HoldLostException;
import io.holdfast.Holdfast;
import io.holdfast.LockTimeoutException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.Owner;
import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S19: servers that hang, are down, or cannot be reached, for a while. */
interface OutageScenarios {

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S19_callsEndInTimeWhileTheServerHangs(ServerLab lab) {
    FaultyProxy link = lab.link();
    outage(
        lab, new Outage("hung", link, proxy -> lab.server().pause(), p -> lab.server().resume()));
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S19_callsEndInTimeWhileTheServerIsDown(ServerLab lab) {
    FaultyProxy link = lab.link();
    outage(lab, new Outage("down", link, proxy -> lab.server().kill(), p -> lab.server().start()));
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S19_callsEndInTimeWhilePacketsVanish(ServerLab lab) {
    outage(lab, new Outage("dropping", lab.link(), FaultyProxy::drop, FaultyProxy::heal));
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S19_callsEndInTimeWhileTheServerAcceptsAndNeverAnswers(ServerLab lab) {
    Consumer<FaultyProxy> halfOpen =
        proxy -> {
          proxy.ignoreNew();
          proxy.cut();
        };
    outage(lab, new Outage("half open", lab.link(), halfOpen, FaultyProxy::heal));
  }

  /**
   * A time without a server.
   *
   * @param name for people
   * @param link the nodes' link to the server
   * @param begin makes it begin
   * @param end makes it end
   */
  record Outage(
      String name, FaultyProxy link, Consumer<FaultyProxy> begin, Consumer<FaultyProxy> end) {}

  private static void outage(ServerLab lab, Outage outage) {
    Worker worker = lab.worker(outage.link());
    lab.await(worker.ask("open", "n", lab.ttl().toMillis()));
    lab.await(worker.ask("acquire", "n", "held"));
    lab.await(worker.run(Calls.class, "warm-up"));

    outage.begin().accept(outage.link());
    for (String call : lab.await(worker.run(Calls.class, "outage")).split(",", -1)) {
      lab.say("S19: %s: %s", outage.name(), call);
      String[] words = call.split(" ", -1);
      assertThat(Duration.ofMillis(Long.parseLong(words[1])))
          .as("%s, while the server is %s", call, outage.name())
          .isLessThan(Calls.DEADLINE.plusMillis(50).plus(lab.kit().jitter()));
    }
    CompletableFuture<String> waiter = worker.ask("acquire", "n", "wanted");
    Duration before = worker.processorTime();
    Duration window = Duration.ofSeconds(lab.kit().chaos() ? 30 : 2);
    lab.pass(window);
    double busy = 100.0 * worker.processorTime().minus(before).toMillis() / window.toMillis();
    lab.say("S19: %s: %.0f %% of a processor while nothing can be done", outage.name(), busy);
    assertThat(busy).as("percent of a processor while nothing can be done").isLessThan(40);
    assertThat(waiter).as("granted without a server").isNotDone();
    assertThat(lab.await(worker.ask("held", "n", "held")))
        .as("held past its TTL")
        .isEqualTo("false");

    outage.end().accept(outage.link());
    long begun = lab.nanoTime();
    lab.await(waiter);
    Duration gap = lab.since(begun);
    lab.say("S19: %s: works again %d ms after the end", outage.name(), gap.toMillis());
    assertThat(gap).isLessThan(lab.kit().recovery().plus(lab.kit().jitter()));
    lab.await(worker.ask("release", "n", "wanted"));
    lab.await(worker.run(Calls.class, "afterwards"));
    lab.await(worker.ask("close", "n"));
    lab.awaitEmptySpace();
  }

  /**
   * Order: a name of its own. Makes every call that has a deadline. Answer: how many milliseconds
   * each took.
   */
  final class Calls implements WorkerTask {

    static final Duration DEADLINE = Duration.ofMillis(400);

    /** A call that asks for a lock. */
    @FunctionalInterface
    interface Call {

      /** Asks. */
      Optional<Hold> run() throws InterruptedException;
    }

    private final List<String> times = new ArrayList<>();

    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      Holdfast node = worker.node("n");
      Environment.Ticker clock = worker.environment().ticker();
      String prefix = arguments.get(0);
      DistributedLock lock = node.lock(prefix + "/a");
      time(clock, "tryAcquire(Duration)", () -> lock.tryAcquire(DEADLINE));
      time(clock, "acquire(Duration)", () -> Optional.of(lock.acquire(DEADLINE)));
      DistributedLock reader = node.readWriteLock(prefix + "/rw").readLock();
      time(clock, "readLock.tryAcquire(Duration)", () -> reader.tryAcquire(DEADLINE));
      time(
          clock,
          "cancel",
          () -> {
            CompletableFuture<Hold> asked =
                lock.acquireAsync(Owner.of("canceller")).toCompletableFuture();
            asked.cancel(true);
            return Optional.empty();
          });
      time(
          clock,
          "isHeld",
          () -> {
            worker.hold("n", "held").isHeld();
            return Optional.empty();
          });
      return String.join(",", times);
    }

    private void time(Environment.Ticker clock, String what, Call call)
        throws InterruptedException {
      long begun = clock.nanoTime();
      String outcome;
      try {
        Optional<Hold> hold = call.run();
        hold.ifPresent(Hold::ensureHeld);
        hold.ifPresent(Hold::close);
        outcome = hold.isPresent() ? "granted" : "none";
      } catch (EngineUnavailableException
          | OutcomeUnknownException
          | LockTimeoutException
          | HoldLostException told) {
        outcome = told.getClass().getSimpleName();
      }
      times.add(what + " " + (clock.nanoTime() - begun) / 1_000_000 + " " + outcome);
    }
  }
}
