package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;

/** Two nodes, and what threads do with their locks until some of them give way. */
abstract class DeadlockFixture {

  /** Long enough for a search to go wrong. */
  static final Duration A_WHILE = Duration.ofMillis(150);

  final Nodes nodes = new Nodes();
  final Holdfast a = nodes.open("a");
  final Holdfast b = nodes.open("b");
  final List<CompletableFuture<Void>> visits = new ArrayList<>();

  @AfterEach
  void close() {
    nodes.close();
  }

  /** What a thread does, with locks that it releases at the end whatever happens. */
  interface Visit {
    void run() throws Exception;
  }

  CompletableFuture<Void> start(String thread, Visit visit) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread runner =
        new Thread(
            () -> {
              try {
                visit.run();
                done.complete(null);
              } catch (Exception failed) {
                done.completeExceptionally(failed);
              }
            },
            thread);
    runner.setDaemon(true);
    runner.start();
    visits.add(done);
    return done;
  }

  /** The exceptions of those who gave way; everybody else has succeeded. */
  List<DeadlockException> victims() throws InterruptedException, TimeoutException {
    List<DeadlockException> victims = new ArrayList<>();
    for (CompletableFuture<Void> visit : visits) {
      try {
        visit.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
      } catch (ExecutionException failed) {
        assertThat(failed.getCause()).isInstanceOf(DeadlockException.class);
        victims.add((DeadlockException) failed.getCause());
      }
    }
    return victims;
  }
}
