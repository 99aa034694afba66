package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import io.holdfast.Owner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S23, S24 and costs: what names, waiters and holders cost the server. */
interface ServerLoadScenarios {

  Duration WATCHED = Duration.ofSeconds(2);

  /** How often a second a node may look for its wake-ups where nothing tells it of them. */
  int MOST_LOOKS = 210;

  LockOptions UNRETAINED = LockOptions.DEFAULT.retention(LockOptions.Retention.OFF);

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S23_manyNamesLeaveNothingInTheServer(ServerLab lab) throws Exception {
    int count = lab.scaled(lab.kit().chaos() ? 1_000_000 : 500);
    int atOnce = 20;
    Holdfast node = lab.node();
    long highest = 0;
    for (int i = 0; i < count; i += atOnce) {
      List<CompletableFuture<Hold>> holds = new ArrayList<>();
      for (int j = i; j < i + atOnce; j++) {
        holds.add(
            node.lock("once/" + j, UNRETAINED)
                .acquireAsync(Owner.of("once"))
                .toCompletableFuture());
      }
      long before = highest;
      for (CompletableFuture<Hold> each : holds) {
        Hold hold = lab.await(each);
        assertThat(hold.token()).as("token of %s", hold.name()).isGreaterThan(before);
        highest = Math.max(highest, hold.token());
        hold.close();
      }
    }
    lab.awaitEmptySpace();
    Hold last = lab.await(node.lock("once/0", UNRETAINED).acquireAsync(Owner.of("once")));
    assertThat(last.token()).as("token after everything was deleted").isGreaterThan(highest);
    last.close();
    lab.closeNodes();
    assertThat(lab.kit().leftovers(lab.space())).as("left in the server").isEmpty();
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void S24_handOffCostsTheSameHoweverManyWait(ServerLab lab) {
    int count = lab.size(30, 300);
    FaultyProxy link = lab.link();
    Hold first = lab.await(lab.node(link, s -> s).lock("a").acquireAsync(Owner.of("first")));
    List<CompletableFuture<Hold>> waiters = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int arrived = i + 1;
      waiters.add(
          lab.node(link, settings -> settings.ttl(Duration.ofMinutes(1)))
              .lock("a")
              .acquireAsync(Owner.of("w" + i))
              .toCompletableFuture());
      lab.eventually("arrival of " + i, () -> lab.waiting("a") == arrived);
    }
    Count watched = Count.start(lab, link);
    lab.pass(WATCHED);
    double waiting = watched.perSecond(link.roundTrips());
    double looks = watched.perSecond(link.roundTripsSetAside());

    Count handOffs = Count.start(lab, link);
    first.close();
    waiters.forEach(waiter -> lab.await(waiter).close());
    Duration took = handOffs.took();
    double each = handOffs.perCall(count, waiting);

    lab.say(
        "S24: %d nodes wait at %.0f round trips a second and %.0f looks for wake-ups, and hand on"
            + " in %.1f ms and %.1f round trips each",
        count, waiting, looks, (double) took.toMillis() / count, each);
    // They look by the clock, whatever the speed of the machine; those far behind less often.
    assertThat(waiting)
        .as("round trips a second while %s wait", count)
        .isLessThan(lab.kit().waitingRoundTrips() * count);
    assertThat(looks)
        .as("looks for wake-ups a second while %s wait", count)
        .isLessThanOrEqualTo(MOST_LOOKS * count);
    assertThat(each).as("round trips per hand-off").isLessThan(lab.kit().handOffRoundTrips());
    lab.awaitEmptySpace();
  }

  @Test
  @ResourceLock(LoadRules.LOAD)
  default void costOfLocksInRoundTrips(ServerLab lab) {
    FaultyProxy link = lab.link();
    Holdfast node = lab.node(link, settings -> settings.ttl(Duration.ofMinutes(10)));
    int rounds = 200;
    List<Hold> holds = new ArrayList<>();
    lab.await(node.lock("warm-up").acquireAsync(Owner.of("cost"))).close();
    settle(lab, link);
    double byTheClock = lab.kit().waitingRoundTrips();
    Count acquires = Count.start(lab, link);
    for (int i = 0; i < rounds; i++) {
      holds.add(lab.await(node.lock("cost/" + i, UNRETAINED).acquireAsync(Owner.of("cost"))));
    }
    assertThat(acquires.perCall(rounds, 0)).as("round trips of an acquire").isGreaterThan(0.9);
    double acquire = acquires.perCall(rounds, byTheClock);
    Count releases = Count.start(lab, link);
    for (int i = 0; i < rounds; i++) {
      int left = rounds - i - 1;
      holds.get(i).close();
      lab.eventually("a release", () -> link.roundTrips() >= rounds - left);
    }
    assertThat(releases.perCall(rounds, 0)).as("round trips of a release").isGreaterThan(0.9);
    double release = releases.perCall(rounds, byTheClock);
    lab.say("cost: %.2f round trips an acquire, %.2f a release", acquire, release);
    assertThat(acquire)
        .as("round trips of an acquire")
        .isLessThan(lab.kit().acquireRoundTrips() + 0.1);
    assertThat(release)
        .as("round trips of a release")
        .isLessThan(lab.kit().releaseRoundTrips() + 0.1);
    lab.awaitEmptySpace();
  }

  @Test
  @Tag(Layers.NODE)
  @ResourceLock(LoadRules.LOAD)
  default void retainedLocksCostNoRoundTrip(ServerLab lab) {
    FaultyProxy link = lab.link();
    Holdfast node =
        lab.node(
            link,
            settings -> settings.ttl(Duration.ofMinutes(10)).retainFor(Duration.ofMinutes(1)));
    for (int i = 0; i < 10; i++) {
      lab.await(node.lock("a").acquireAsync(Owner.of("retainer"))).close();
    }
    link.resetCounts();
    int count = 10_000;
    for (int i = 0; i < count; i++) {
      lab.await(node.lock("a").acquireAsync(Owner.of("retainer"))).close();
    }
    assertThat(link.roundTrips()).as("round trips of 10,000 acquisitions").isLessThan(count / 10);
  }

  /** What a session costs does not depend on how much it holds. */
  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void renewalCostsTheSameHoweverManyLocksAreHeld(ServerLab lab) {
    int count = lab.scaled(lab.kit().chaos() ? 10_000 : 500);
    FaultyProxy link = lab.link();
    Duration ttl = lab.ttl();
    Holdfast node = lab.node(link, settings -> settings.ttl(ttl));
    Hold first = lab.await(node.lock("held").acquireAsync(Owner.of("holder")));
    settle(lab, link);
    double few = roundTripsOf(lab, link, ttl);
    List<CompletableFuture<Hold>> holds = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      holds.add(node.lock("held/" + i).acquireAsync(Owner.of("holder")).toCompletableFuture());
    }
    holds.forEach(lab::await);
    settle(lab, link);
    double many = roundTripsOf(lab, link, ttl);

    lab.say("cost: %.0f round trips a TTL with 1 lock held, %.0f with %d", few, many, count);
    assertThat(few).as("round trips of a holder within a TTL").isPositive();
    assertThat(many).as("the same with %s locks", count).isLessThan(2 * few + 4);
    holds.forEach(hold -> lab.await(hold).close());
    first.close();
    lab.awaitEmptySpace();
  }

  /**
   * Waits until a node does no more than it does by the clock: a new one has other things to do.
   */
  private static void settle(ServerLab lab, FaultyProxy link) {
    Duration window = Duration.ofMillis(300);
    double most = 2 + lab.kit().waitingRoundTrips() * window.toMillis() / 1e3;
    lab.eventually("a node at rest", () -> roundTripsOf(lab, link, window) <= most);
  }

  private static double roundTripsOf(ServerLab lab, FaultyProxy link, Duration window) {
    link.resetCounts();
    lab.pass(window);
    return link.roundTrips();
  }

  /** The round trips of a link since a reading of the clock. */
  record Count(ServerLab lab, FaultyProxy link, long begun) {

    static Count start(ServerLab lab, FaultyProxy link) {
      link.resetCounts();
      return new Count(lab, link, lab.nanoTime());
    }

    Duration took() {
      return lab.since(begun);
    }

    double perSecond(long count) {
      return count / seconds();
    }

    private double seconds() {
      return took().toNanos() / 1e9;
    }

    /** Of each of several calls, without those that nodes make by the clock, so many a second. */
    double perCall(int calls, double byTheClock) {
      return Math.max(0, link.roundTrips() - byTheClock * seconds()) / calls;
    }
  }
}
