package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S27 and others: servers that are killed while locks are held, and started again. */
interface RestartScenarios {

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S27_tokensDoNotGoBackWhenTheServerIsKilled(ServerLab lab) {
    long token = 0;
    for (int round = 0; round < lab.size(2, 20); round++) {
      Holdfast node = lab.node();
      Hold before = lab.await(node.lock("a").acquireAsync(Owner.of("one")));
      assertThat(before.token()).as("token before restart %s", round).isGreaterThan(token);
      lab.server().restart();
      node.close();
      // Not the same node: it may believe for a while that it still has the lock.
      Holdfast fresh = lab.node();
      Hold after = lab.await(fresh.lock("a").acquireAsync(Owner.of("two")));
      assertThat(after.token()).as("token after restart %s", round).isGreaterThan(before.token());
      token = after.token();
      fresh.close();
    }
    lab.awaitEmptySpace();
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S27_holdersAreToldIfTheServerHasForgottenThem(ServerLab lab) {
    FaultyProxy link = lab.link();
    Duration ttl = Duration.ofSeconds(6);
    Holdfast node = lab.node(link, settings -> settings.ttl(ttl));
    Hold hold = lab.await(node.lock("a").acquireAsync(Owner.of("holder")));
    CompletableFuture<Long> toldAt = new CompletableFuture<>();
    hold.onLost(loss -> toldAt.complete(lab.nanoTime()));

    lab.server().restart();
    Holdfast other = lab.node();
    CompletableFuture<Long> othersAt =
        other
            .lock("a")
            .acquireAsync(Owner.of("other"))
            .thenApply(
                granted -> {
                  long now = lab.nanoTime();
                  granted.close();
                  return now;
                })
            .toCompletableFuture();
    awaitRenewal(lab, hold, ttl);
    lab.eventually("the other one", () -> othersAt.isDone() || lab.waiting("a") == 1);

    if (hold.isHeld()) {
      lab.say("S27: the hold has survived the restart");
      assertThat(othersAt).as("granted beside the holder").isNotDone();
      assertThat(toldAt).isNotDone();
      assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    } else {
      lab.say("S27: the hold has not survived the restart, and its holder knows");
      lab.await(toldAt);
      assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    }
    lab.await(othersAt);
    Hold again = lab.await(node.lock("a").acquireAsync(Owner.of("holder")));
    assertThat(again.token()).isGreaterThan(hold.token());
    again.close();
    lab.awaitEmptySpace();
  }

  /** Waits until a renewal has been answered, or has shown that the hold is lost. */
  private static void awaitRenewal(ServerLab lab, Hold hold, Duration ttl) {
    long provenUntil = lab.nanoTime() + hold.remaining().toNanos();
    lab.eventually(
        "a renewal, or its failure",
        () ->
            !hold.isHeld()
                || lab.nanoTime() + hold.remaining().toNanos() - provenUntil > ttl.toNanos() / 6);
  }

  /** Who trusts the token loses nothing, whatever happens to the server. */
  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S27_noUpdateIsLostWhileTheServerIsKilledAgainAndAgain(ServerLab lab)
      throws Exception {
    SharedCounter counter = SharedCounter.create(lab.file("counter"));
    List<Worker> workers = new ArrayList<>();
    List<CompletableFuture<String>> visits = new ArrayList<>();
    Duration time = Duration.ofSeconds(lab.kit().chaos() ? 300 : 3);
    for (int i = 0; i < 2; i++) {
      Worker worker = lab.workerWithNode(lab.ttl());
      workers.add(worker);
    }
    workers.forEach(
        worker ->
            visits.add(
                worker.run(HandOffScenarios.Visits.class, counter, true, 2, time.toMillis())));
    long end = lab.nanoTime() + time.toNanos();
    int kills = 0;
    while (end - lab.nanoTime() > 0) {
      lab.pass(Duration.ofMillis(500 + lab.environment().random().nextInt(1_500)));
      lab.server().restart();
      kills++;
    }
    long accepted = HandOffScenarios.sum(visits.stream().map(lab::await).toList());
    lab.say("S27: %d updates accepted while the server was killed %d times", accepted, kills);
    assertThat(accepted).as("updates").isPositive();
    assertThat(counter.count()).as("updates that are there").isEqualTo(accepted);
    workers.forEach(worker -> lab.await(worker.ask("close", "n")));
    lab.awaitEmptySpace();
  }
}
