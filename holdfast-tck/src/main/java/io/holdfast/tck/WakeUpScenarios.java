package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import io.holdfast.tck.FaultyProxy.Direction;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S07: notifications that are lost, late or cut off. */
interface WakeUpScenarios {

  /** What a waiter's slow poll may add. */
  Duration POLL = Duration.ofMillis(1_500);

  Duration DELAY = Duration.ofMillis(100);

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S07_waiterThatIsNotWokenLooksByItself(ServerLab lab) {
    for (int round = 0; round < lab.size(2, 50); round++) {
      FaultyProxy link = lab.link();
      Holdfast waiting = lab.node(link, settings -> settings);
      Hold hold = lab.await(lab.node().lock("a").acquireAsync(Owner.of("holder")));
      CompletableFuture<Hold> next =
          waiting.lock("a").acquireAsync(Owner.of("waiter")).toCompletableFuture();
      lab.eventually("a waiter", () -> lab.waiting("a") == 1);

      loseNotifications(lab, link);
      handOff(lab, POLL, hold, next);
    }
    lab.awaitEmptySpace();
  }

  /** Either exactly these, or the connection that they share with all else, which is made again. */
  private static void loseNotifications(ServerLab lab, FaultyProxy link) {
    if (lab.kit().notificationMark().isEmpty()) {
      link.cut();
    } else {
      link.dropMarked();
    }
  }

  /** That it gets on without them is shown above on each engine. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S07_waiterWhoseNotificationsAreLateIsWokenLate(ServerLab lab) {
    FaultyProxy link = lab.link();
    Holdfast waiting = lab.node(link, settings -> settings);
    Hold hold = lab.await(lab.node().lock("a").acquireAsync(Owner.of("holder")));
    CompletableFuture<Hold> next =
        waiting.lock("a").acquireAsync(Owner.of("waiter")).toCompletableFuture();
    lab.eventually("a waiter", () -> lab.waiting("a") == 1);

    link.delay(Direction.TO_SERVER, DELAY);
    link.delay(Direction.TO_CLIENT, DELAY);
    handOff(lab, POLL.plus(DELAY.multipliedBy(4)), hold, next);
    link.heal();
    lab.awaitEmptySpace();
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S07_waiterThatIsCutOffIsGrantedOnceItIsBack(ServerLab lab) {
    FaultyProxy link = lab.link();
    Holdfast waiting = lab.node(link, settings -> settings);
    Hold hold = lab.await(lab.node().lock("a").acquireAsync(Owner.of("holder")));
    CompletableFuture<Hold> next =
        waiting.lock("a").acquireAsync(Owner.of("waiter")).toCompletableFuture();
    lab.eventually("a waiter", () -> lab.waiting("a") == 1);

    link.refuse();
    long token = hold.token();
    hold.close();
    lab.pass(DELAY);
    link.heal();
    long begun = lab.nanoTime();
    Hold granted = lab.await(next);

    Duration gap = lab.since(begun);
    lab.say("S07: waiter that was cut off granted %d ms after it was back", gap.toMillis());
    assertThat(gap).isLessThan(POLL.plus(lab.kit().recovery()).plus(lab.kit().jitter()));
    assertThat(granted.token()).isGreaterThan(token);
    granted.close();
    lab.awaitEmptySpace();
  }

  /** A node that keeps a free lock and is not told that it is wanted gives it back by itself. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S07_retainingNodeThatIsNotAskedGivesBack(ServerLab lab) {
    Duration retainFor = Duration.ofSeconds(1);
    FaultyProxy link = lab.link();
    Holdfast retaining = lab.node(link, settings -> settings.retainFor(retainFor));
    Holdfast other = lab.node();
    loseNotifications(lab, link);
    for (int i = 0; i < 10; i++) {
      lab.await(retaining.lock("a").acquireAsync(Owner.of("retainer"))).close();
    }
    long begun = lab.nanoTime();
    Hold next = lab.await(other.lock("a").acquireAsync(Owner.of("waiter")));

    Duration gap = lab.since(begun);
    lab.say("S07: retained lock of a node that was not asked, after %d ms", gap.toMillis());
    assertThat(gap).isLessThan(retainFor.plus(POLL).plus(lab.kit().jitter()));
    next.close();
    link.heal();
    lab.awaitEmptySpace();
  }

  /** Releases a hold and waits for the next one, which is granted in time. */
  private static void handOff(
      ServerLab lab, Duration limit, Hold hold, CompletableFuture<Hold> next) {
    assertThat(next).as("granted before the release").isNotDone();
    long token = hold.token();
    long begun = lab.nanoTime();
    hold.close();
    Hold granted = lab.await(next);
    Duration gap = lab.since(begun);
    lab.say("S07: granted after %d ms, allowed are %d ms", gap.toMillis(), limit.toMillis());
    assertThat(gap).as("hand-off").isLessThan(limit.plus(lab.kit().jitter()));
    assertThat(granted.token()).isGreaterThan(token);
    granted.close();
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S07_connectionsDoNotGrowWithContendedNames(ServerLab lab) {
    int count = lab.scaled(lab.kit().chaos() ? 10_000 : 100);
    FaultyProxy link = lab.link();
    Holdfast holding = lab.node();
    Holdfast waiting = lab.node(link, settings -> settings);
    List<Hold> holds = new ArrayList<>();
    List<CompletableFuture<Hold>> waiters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      holds.add(lab.await(holding.lock("name/" + i).acquireAsync(Owner.of("holder"))));
      waiters.add(waiting.lock("name/" + i).acquireAsync(Owner.of("waiter")).toCompletableFuture());
    }
    lab.eventually("all wait", () -> lab.waiting("name/" + (count - 1)) == 1);
    lab.say("S07: %d connections for %d contended names", link.open(), count);
    assertThat(link.open()).isBetween(1, lab.kit().maxConnections());
    holds.forEach(Hold::close);
    waiters.forEach(waiter -> lab.await(waiter).close());
    lab.awaitEmptySpace();
  }
}
