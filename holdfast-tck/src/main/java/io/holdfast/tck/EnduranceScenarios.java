package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockReport;
import io.holdfast.Loss;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S31 and S32: clients that run for long, block where they are called, or are forgotten. */
interface EnduranceScenarios {

  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S31_liveObjectsDoNotGrow(ProcessLab lab) {
    Worker worker = lab.worker();
    boolean chaos = lab.kit().chaos();
    int parts = chaos ? 5 : 3;
    int rounds = lab.size(60_000, 10_000_000) / parts;
    int roundsPerName = chaos ? 200 : 50;
    lab.await(worker.run(Endurance.Begin.class));
    long atFirst = 0;
    for (int part = 1; part <= parts; part++) {
      lab.await(worker.run(Endurance.class, rounds, part, roundsPerName));
      lab.eventually("nothing retained", () -> lab.inspector().list("").isEmpty());
      String census = lab.await(worker.run(Census.class));
      lab.say("S31: live objects of Holdfast after %d rounds: %s", (long) part * rounds, census);
      long live = Long.parseLong(census.split(" ", 2)[0]);
      if (part == 1) {
        atFirst = live;
      }
      // Less than one object for each name since.
      assertThat(live)
          .as("live objects of Holdfast in the end (%d after the first part): %s", atFirst, census)
          .isLessThan(atFirst + atFirst / 10 + 50);
    }
  }

  /** Order: how many rounds, a number of its own, and how many rounds there are to a new name. */
  final class Endurance implements WorkerTask {

    /** Opens the node that the others use. */
    static final class Begin implements WorkerTask {
      @Override
      public String perform(WorkerMain worker, List<String> arguments) {
        RandomGenerator random = worker.environment().random();
        return worker.open("n", Duration.ofMinutes(1), good -> new FailingEngine(good, random));
      }
    }

    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws Exception {
      Holdfast node = worker.node("n");
      DistributedLock retained = node.lock("retained");
      int rounds = Integer.parseInt(arguments.get(0));
      int roundsPerName = Integer.parseInt(arguments.get(2));
      for (int round = 0; round < rounds; round++) {
        boolean fresh = round % roundsPerName == 0;
        DistributedLock lock =
            fresh ? node.lock("name/" + arguments.get(1) + "/" + round) : retained;
        try (Hold hold = lock.acquire()) {
          hold.onLost(loss -> {});
          hold.ensureHeld();
        }
      }
      return "done";
    }
  }

  /** Answer: how many objects of Holdfast are alive, and of which classes. */
  final class Census implements WorkerTask {
    @Override
    public String perform(WorkerMain worker, List<String> arguments) throws JMException {
      // What this collects is forgotten soon after.
      census();
      LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
      return census();
    }

    /** Collects garbage; how many objects are left, and which are the most frequent. */
    private static String census() throws JMException {
      String histogram =
          (String)
              ManagementFactory.getPlatformMBeanServer()
                  .invoke(
                      new ObjectName("com.sun.management:type=DiagnosticCommand"),
                      "gcClassHistogram",
                      new Object[] {new String[0]},
                      new String[] {String[].class.getName()});
      List<String[]> ours =
          histogram
              .lines()
              .map(line -> line.strip().split("\\s+", -1))
              .filter(columns -> columns.length >= 4 && columns[3].startsWith("io.holdfast."))
              .toList();
      return ours.stream().mapToLong(columns -> Long.parseLong(columns[1])).sum()
          + ours.stream()
              .limit(5)
              .map(columns -> columns[3] + " " + columns[1])
              .collect(Collectors.joining(", ", " (", ")"));
    }
  }

  /** An engine of which every tenth command or so fails, in one way or another. */
  final class FailingEngine extends EngineFilter {

    private final RandomGenerator random;

    FailingEngine(Engine good, RandomGenerator random) {
      super(good);
      this.random = random;
    }

    @Override
    CompletionStage<Reply> submit(EngineSession session, String name, Command command) {
      return switch (random.nextInt(20)) {
        case 0 -> CompletableFuture.failedFuture(new EngineUnavailableException("lost; retry"));
        case 1 ->
            session
                .submit(name, command)
                .thenCompose(
                    reply ->
                        CompletableFuture.failedFuture(
                            new OutcomeUnknownException("unanswered; submit it again")));
        default -> session.submit(name, command);
      };
    }
  }

  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S32_aListenerThatBlocksStopsNothingElse(ProcessLab lab) {
    Duration ttl = lab.livingTtl();
    Worker worker = lab.workerWithNode(ttl);
    // What blocks there blocks for ever.
    worker.retire();
    lab.await(worker.ask("acquire", "n", "kept"));
    lab.await(worker.ask("acquire", "n", "lost"));
    lab.await(worker.run(Block.class, "lost"));
    LockReport.Holder seen = lab.inspector().explain("lost").orElseThrow().holders().get(0);
    assertThat(lab.inspector().forceRelease("lost", seen)).isTrue();
    lab.eventually(
        "a blocked listener", () -> lab.await(worker.run(Block.IsBlocked.class)).equals("true"));

    lab.pass(ttl.multipliedBy(2));

    assertThat(lab.await(worker.ask("held", "n", "kept")))
        .as("held past its TTL")
        .isEqualTo("true");
    long begun = lab.nanoTime();
    lab.await(worker.ask("acquire", "n", "other"));
    lab.await(worker.ask("release", "n", "other"));
    lab.await(worker.ask("acquire", "n", "lost"));
    assertThat(Duration.ofNanos(lab.nanoTime() - begun)).isLessThan(lab.kit().jitter());
  }

  /** Order: a name. Its hold gets a listener that never returns. */
  final class Block implements WorkerTask {

    private static final CountDownLatch BLOCKED = new CountDownLatch(1);
    private static final CountDownLatch NEVER = new CountDownLatch(1);

    @Override
    public String perform(WorkerMain worker, List<String> arguments) {
      worker.hold("n", arguments.get(0)).onLost(Block::block);
      return "listening";
    }

    private static void block(Loss loss) {
      BLOCKED.countDown();
      try {
        NEVER.await();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    }

    /** Answer: whether the listener has been called. */
    static final class IsBlocked implements WorkerTask {
      @Override
      public String perform(WorkerMain worker, List<String> arguments) {
        return Boolean.toString(BLOCKED.getCount() == 0);
      }
    }
  }

  /** On each engine, since its client must not keep the process alive. */
  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S32_aProcessWithAForgottenClientEndsByItself(ProcessLab lab) throws Exception {
    Worker forgetful = lab.workerWithNode(Duration.ofMinutes(1));
    Worker next = lab.workerWithNode(Duration.ofMinutes(1));
    lab.await(next.ask("acquire", "n", "b"));
    lab.await(forgetful.ask("acquire", "n", "a"));
    CompletableFuture<String> never = forgetful.ask("acquire", "n", "b");
    lab.eventually("a waiter", () -> lab.waiting("b") == 1);

    assertThat(forgetful.end(lab.kit().patience())).as("exit code").isZero();

    assertThat(never).isCompletedExceptionally();
    long begun = lab.nanoTime();
    lab.await(next.ask("acquire", "n", "a"));
    assertThat(Duration.ofNanos(lab.nanoTime() - begun))
        .as("wait for what a forgotten client held")
        .isLessThan(Duration.ofSeconds(1).plus(lab.kit().jitter()));
    assertThat(lab.waiting("b")).as("its waiters").isZero();
  }
}
