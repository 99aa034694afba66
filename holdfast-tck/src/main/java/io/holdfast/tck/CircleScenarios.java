package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DeadlockException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** SPEC.md, group 14, where every owner is a process of its own. */
interface CircleScenarios {

  /**
   * The first holds a and waits for b, the second holds b and waits for c, and so round. How an
   * engine keeps what the search reads is shown by {@link LockKit}, too.
   */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r14_5_oneOfThreeProcessesInACircleGivesWay(ProcessLab lab) throws Exception {
    List<String> names = List.of("a", "b", "c");
    List<Worker> workers = lab.workersWithNodes(names.size(), lab.ttl());
    for (int i = 0; i < names.size(); i++) {
      lab.await(workers.get(i).ask("acquire", "n", names.get(i)));
    }

    long closed = lab.nanoTime();
    List<CompletableFuture<String>> asked = new ArrayList<>();
    List<CompletableFuture<Void>> ended = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      String own = names.get(i);
      String next = names.get((i + 1) % names.size());
      Worker worker = workers.get(i);
      CompletableFuture<String> more = worker.ask("acquire", "n", next);
      asked.add(more);
      ended.add(
          more.handle(
                  (token, failure) -> {
                    if (failure != null) {
                      lab.say(
                          "circle of three processes: one gave way %s after it closed",
                          Duration.ofNanos(lab.nanoTime() - closed));
                    } else {
                      worker.tell("release", "n", next);
                    }
                    return own;
                  })
              .thenCompose(held -> worker.ask("release", "n", held))
              .thenAccept(released -> assertThat(released).isEqualTo("RELEASED")));
    }
    for (CompletableFuture<Void> each : ended) {
      lab.await(each);
    }

    List<String> victims = new ArrayList<>();
    for (CompletableFuture<String> each : asked) {
      try {
        assertThat(Long.parseLong(each.get())).isPositive();
      } catch (ExecutionException failed) {
        victims.add(failed.toString());
      }
    }
    assertThat(victims).hasSize(1);
    assertThat(victims.get(0))
        .contains(DeadlockException.class.getSimpleName())
        .contains("deadlock of 3 owners");
    for (Worker worker : workers) {
      assertThat(victims.get(0)).contains("pid " + worker.pid());
    }
    lab.eventually("an empty space", () -> lab.inspector().list("").isEmpty());
  }
}
