package io.holdfast.node;

import static io.holdfast.node.NodeWorld.owner;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Loss;
import io.holdfast.node.SwitchableEngine.Link;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The lease of a node, second by second. T = 10 s, so T_c is 9.752 s. */
class SessionKeeperTest {

  private static final Duration JUST_BEFORE_LEASE_END = Duration.ofMillis(9_700);
  private static final Duration TWO_LEASES = Duration.ofSeconds(20);

  private final NodeWorld world = new NodeWorld();
  private final NodeWorld.Member a = world.join("a");
  private final List<Loss> losses = new ArrayList<>();

  private long holdBy(NodeWorld.Member member, String owner) {
    LocalLock lock = member.mutex("lock");
    long token = write(lock, owner).join();
    lock.onLost(owner(owner), Mode.EXCLUSIVE, token, losses::add);
    return token;
  }

  private boolean isHeld(NodeWorld.Member member, String owner, long token) {
    return member.mutex("lock").isHeld(owner(owner), Mode.EXCLUSIVE, token);
  }

  @Test
  void oneRenewalPerThirdOfTheLeaseHoweverManyLocks() {
    for (int i = 0; i < 1_000; i++) {
      write(a.mutex("lock" + i), "owner").join();
    }
    a.engine.renewals = 0;

    world.time.advance(Duration.ofSeconds(33));

    assertThat(a.engine.renewals).isBetween(10, 11);
  }

  @Test
  void S03_failedRenewalsWithinTheLeaseLoseNothing() {
    long token = holdBy(a, "owner");
    for (Link fault : List.of(Link.REFUSED, Link.HUNG, Link.REPLY_LOST)) {
      world.time.advance(Duration.ofSeconds(1));
      a.engine.link = fault;
      world.time.advance(Duration.ofSeconds(5));
      a.engine.link = Link.UP;
      world.time.advance(Duration.ofSeconds(5));
    }

    assertThat(isHeld(a, "owner", token)).isTrue();
    assertThat(losses).isEmpty();
  }

  @Test
  void S01_aHolderThatIsCutOffIsToldBeforeAnybodyElseGetsIn() {
    NodeWorld.Member b = world.join("b");
    long token = holdBy(a, "owner");
    var waiting = write(b.mutex("lock"), "successor");
    // In the same instant, so that the lease is as old as it can be.
    a.engine.link = Link.HUNG;

    Duration step = Duration.ofMillis(10);
    while (losses.isEmpty()) {
      assertThat(waiting).as("granted before the holder was told").isNotDone();
      world.time.advance(step);
    }

    assertThat(isHeld(a, "owner", token)).isFalse();
    assertThat(waiting).isNotDone();
    assertThat(losses).extracting(Loss::cause).containsExactly(Loss.Cause.LEASE_EXPIRED);
    world.time.advance(TWO_LEASES);
    assertThat(waiting).isCompleted();
    assertThat(waiting.join()).isGreaterThan(token);
  }

  @Test
  void aSuspendedNodeGoesOnWhenTheEngineStillKnowsIt() {
    long token = holdBy(a, "owner");
    a.engine.link = Link.HUNG;
    world.time.advance(JUST_BEFORE_LEASE_END);
    assertThat(losses).isEmpty();
    world.time.advance(Duration.ofMillis(60));
    assertThat(losses).hasSize(1);
    var waiting = write(a.mutex("lock"), "other");
    assertThat(waiting).as("no critical section without a proven lease").isNotDone();

    a.engine.link = Link.UP;
    world.time.advance(Duration.ofSeconds(2));

    assertThat(waiting).isCompleted();
    assertThat(waiting.join()).isGreaterThan(token);
    assertThat(isHeld(a, "owner", token)).as("a lost hold never comes back").isFalse();
  }

  @Test
  void aSessionThatEndedIsReplacedAndWaitersAskAgain() {
    NodeWorld.Member b = world.join("b");
    long token = holdBy(b, "holder");
    var waiting = write(a.mutex("lock"), "waiter");
    a.engine.link = Link.HUNG;
    world.time.advance(TWO_LEASES);
    a.engine.link = Link.UP;
    world.time.advance(Duration.ofSeconds(2));

    b.mutex("lock").release(owner("holder"), Mode.EXCLUSIVE, token);
    world.time.advance(Duration.ofSeconds(2));

    assertThat(waiting).isCompleted();
    assertThat(waiting.join()).isGreaterThan(token);
  }

  @Test
  void S01_noHoldOfAnEndedSessionIsBelievedUnderTheNextOne() {
    Map<String, Long> tokens = new HashMap<>();
    List<String> believed = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      LocalLock lock = a.mutex("lock" + i);
      long token = write(lock, "owner").join();
      tokens.put("lock" + i, token);
      lock.onLost(
          owner("owner"),
          Mode.EXCLUSIVE,
          token,
          loss -> {
            if (losses.isEmpty()) {
              // While the node still tells its locks that the lease has run out.
              losses.add(loss);
              a.engine.link = Link.UP;
              a.engine.expire();
              believed.addAll(heldUnder(tokens));
            }
          });
    }
    a.engine.link = Link.HUNG;
    world.time.advance(TWO_LEASES);

    assertThat(losses).hasSize(1);
    assertThat(believed).isEmpty();
    assertThat(write(a.mutex("lock0"), "owner").join()).isGreaterThan(tokens.get("lock0"));
  }

  private List<String> heldUnder(Map<String, Long> tokens) {
    return tokens.keySet().stream()
        .filter(name -> a.mutex(name).isHeld(owner("owner"), Mode.EXCLUSIVE, tokens.get(name)))
        .toList();
  }

  @Test
  void anExpiredHolderHearsThatItsSessionEnded() {
    holdBy(a, "owner");
    a.engine.link = Link.HUNG;
    world.time.advance(TWO_LEASES);
    a.engine.link = Link.UP;
    world.time.advance(Duration.ofSeconds(2));
    assertThat(losses).hasSize(1);

    long next = holdBy(a, "owner");
    assertThat(isHeld(a, "owner", next)).isTrue();
  }

  @Test
  void S12_theWallClockDecidesNothingWhileTheEngineAnswers() {
    long token = holdBy(a, "owner");
    for (Duration jump : List.of(Duration.ofHours(1), Duration.ofHours(-1), Duration.ofDays(365))) {
      world.time.jumpWallClock(jump);
      world.time.advance(TWO_LEASES);
    }

    assertThat(isHeld(a, "owner", token)).isTrue();
    assertThat(losses).isEmpty();
  }

  @Test
  void afterASleepOfTheMachineNothingIsProvenUntilTheEngineAnswers() {
    long token = holdBy(a, "owner");
    world.time.advance(Duration.ofSeconds(2));
    a.engine.link = Link.HUNG;
    world.time.jumpWallClock(Duration.ofHours(1));

    world.time.advance(Duration.ofSeconds(4));

    assertThat(isHeld(a, "owner", token)).isFalse();
    assertThat(losses).extracting(Loss::cause).containsExactly(Loss.Cause.LEASE_EXPIRED);
  }

  @Test
  void aHoldIsNotProvenAfterAPauseOfTheProcessEvenBeforeAnyTimerRuns() {
    long token = holdBy(a, "owner");

    world.time.pause(TWO_LEASES);

    assertThat(isHeld(a, "owner", token)).isFalse();
    assertThat(a.mutex("lock").tryAcquireAsync(owner("other"), Mode.EXCLUSIVE).join())
        .isEqualTo(LocalLock.NOT_GRANTED);
  }

  @Test
  void S32_aLeaseDoesNotWaitBehindOtherWorkOfItsNode() {
    long token = holdBy(a, "owner");
    world.time.keepScheduler();

    world.time.advance(TWO_LEASES);

    assertThat(isHeld(a, "owner", token)).isTrue();
    assertThat(losses).isEmpty();
  }

  @Test
  void S01_theNewsOfALossDoesNotWaitBehindOtherWorkOfItsNode() {
    holdBy(a, "owner");
    a.engine.link = Link.HUNG;
    world.time.keepScheduler();

    world.time.advance(JUST_BEFORE_LEASE_END);
    assertThat(losses).isEmpty();
    world.time.advance(Duration.ofMillis(60));

    assertThat(losses).extracting(Loss::cause).containsExactly(Loss.Cause.LEASE_EXPIRED);
  }

  @Test
  void closeFreesEverythingAtOnce() {
    NodeWorld.Member b = world.join("b");
    holdBy(a, "owner");
    var waiting = write(b.mutex("lock"), "successor");

    a.node.close();

    assertThat(waiting).isCompleted();
    assertThat(losses).extracting(Loss::cause).containsExactly(Loss.Cause.CLOSED);
  }

  @Test
  void closeWhileTheEngineIsSilentLosesHoldsAndFailsWaiters() {
    holdBy(a, "owner");
    var waiting = write(a.mutex("lock"), "other");
    a.engine.link = Link.HUNG;

    a.node.close();

    assertThat(waiting).isCompletedExceptionally();
    assertThat(losses).hasSize(1);
    world.time.advance(TWO_LEASES);
    assertThat(world.observer().list("", "", 10).toCompletableFuture().join()).isEmpty();
  }
}
