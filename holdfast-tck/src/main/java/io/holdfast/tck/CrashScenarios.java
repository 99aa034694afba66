package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S13: holders that are killed, terminated and closed. */
interface CrashScenarios {

  /** How a holder ends. */
  @FunctionalInterface
  interface Ending {

    /** Ends it. */
    void end(Worker holder);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S13_killedHolderIsReplacedInTime(ProcessLab lab) {
    for (int i = 0; i < lab.size(2, 50); i++) {
      Replacement replaced = replace(lab, "kill -9", Worker::kill);
      assertThat(replaced.gap())
          .as("from the kill to the next grant")
          .isBetween(
              lab.kit().earliestAfterKill(replaced.left()),
              lab.kit().latestAfterKill(lab.ttl()).plus(lab.kit().jitter()));
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S13_terminatedHolderIsReplacedAtOnce(ProcessLab lab) {
    Duration gap = replace(lab, "SIGTERM", holder -> holder.signal("TERM")).gap();
    assertThat(gap).isLessThan(Duration.ofSeconds(1).plus(lab.kit().jitter()));
  }

  /** That the engine ends a session when it is asked to is shown by {@link LockKit}, too. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S13_closedHolderIsReplacedAtOnce(ProcessLab lab) {
    Duration gap = replace(lab, "close()", holder -> holder.tell("close", "n")).gap();
    assertThat(gap).isLessThan(Duration.ofSeconds(1).plus(lab.kit().jitter()));
  }

  /**
   * A holder has ended and another one was granted.
   *
   * @param left of the lease of the first one, as it had counted before
   * @param gap from a moment before it counted to the grant
   */
  record Replacement(Duration left, Duration gap) {}

  private static Replacement replace(ProcessLab lab, String how, Ending ending) {
    // A TTL that is too long to be what frees the lock, unless it is what must.
    boolean abrupt = how.startsWith("kill");
    Worker holder = lab.workerWithNode(abrupt ? lab.ttl() : Duration.ofMinutes(1));
    Worker waiter = lab.workerWithNode(Duration.ofMinutes(1));
    long token = Long.parseLong(lab.await(holder.ask("acquire", "n", "a")));
    CompletableFuture<String> next = waiter.ask("acquire", "n", "a");
    lab.eventually("a waiter", () -> lab.waiting("a") == 1);

    long begun = lab.nanoTime();
    Duration left = lab.remaining(holder, "a");
    ending.end(holder);
    long nextToken = Long.parseLong(lab.await(next));
    Duration gap = Duration.ofNanos(lab.nanoTime() - begun);

    lab.say("S13: %s, replaced after %d ms", how, gap.toMillis());
    assertThat(nextToken).isGreaterThan(token);
    lab.await(waiter.ask("close", "n"));
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
    return new Replacement(left, gap);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S13_contenderThatComesLaterNeedsNoSecondTtl(ProcessLab lab) {
    Worker holder = lab.workerWithNode(lab.ttl());
    Worker late = lab.workerWithNode(Duration.ofMinutes(1));
    lab.await(holder.ask("acquire", "n", "a"));
    holder.kill();
    lab.pass(lab.kit().latestAfterKill(lab.ttl()));

    long begun = lab.nanoTime();
    lab.await(late.ask("acquire", "n", "a"));

    Duration gap = Duration.ofNanos(lab.nanoTime() - begun);
    lab.say("S13: a contender that came later waited for %d ms", gap.toMillis());
    assertThat(gap).isLessThan(lab.kit().jitter());
  }
}
