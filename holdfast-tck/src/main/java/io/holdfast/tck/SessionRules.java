package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.engine.Engine;
import io.holdfast.engine.SessionEndedException;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Reply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** SPEC.md, group 4: sessions and expiry. */
interface SessionRules {

  @Test
  default void r4_1_sessionNumbersAreNeverUsedAgain(Lab lab) {
    Set<Long> numbers = new HashSet<>();
    int rounds = 4;
    for (int round = 0; round < rounds; round++) {
      for (LabNode node : lab.nodes(6)) {
        assertThat(node.session().id()).isPositive();
        assertThat(numbers.add(node.session().id())).as("a fresh session number").isTrue();
        node.close();
      }
      lab.reopen();
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_2_nextWaiterIsGrantedInTimeAfterTheHolderDied(Lab lab) {
    LabNode dying = lab.mortal();
    dying.mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();

    dying.abandon();

    assertGrantedInTime(waiter, dying);
    lab.assertLock("a", List.of(waiter), List.of());
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_2_holdsOfAllNamesAndKindsEndWithTheSession(Lab lab) {
    LabNode dying = lab.mortal();
    dying.mutex("a").granted();
    dying.reader("rw").granted();
    dying.permits("sem", 2, 2).granted();
    LabNode other = lab.node();
    List<Ticket> waiters =
        List.of(
            other.mutex("a").queued(),
            other.writer("rw").queued(),
            other.permits("sem", 1, 2).queued());

    dying.abandon();

    waiters.forEach(waiter -> assertGrantedInTime(waiter, dying));
  }

  private static void assertGrantedInTime(Ticket waiter, LabNode dying) {
    waiter.awaitGranted();
    assertThat(Duration.ofNanos(waiter.grantedAt() - dying.lastAnswered()))
        .as("from the last renewal to the next grant")
        .isLessThanOrEqualTo(dying.terms().ttl().plus(dying.lab().kit().expirySlack()));
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_3_sessionDoesNotEndEarly(Lab lab) {
    LabNode dying = lab.mortal();
    dying.mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();

    dying.abandon();

    waiter.awaitGranted();
    assertThat(Duration.ofNanos(waiter.grantedAt() - dying.lastAsked()))
        .as("from the last renewal to the next grant")
        .isGreaterThanOrEqualTo(counted(dying.terms().ttl()));
  }

  /** What a node counts of a TTL: {@code T · (1 − ρ) / (1 + ρ) − δ} with ρ = 1 % and δ = 50 ms. */
  private static Duration counted(Duration ttl) {
    return ttl.multipliedBy(99).dividedBy(101).minusMillis(50);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_2_lateContenderNeedsNoSecondTtl(Lab lab) {
    LabNode dying = lab.mortal();
    dying.mutex("a").granted();
    dying.abandon();
    lab.pass(dying.terms().ttl().plus(lab.kit().expirySlack()));

    Ticket late = lab.node().mutex("a");
    long asked = lab.nanoTime();
    if (late.submit() instanceof Reply.Queued) {
      late.awaitGranted();
    }
    assertThat(Duration.ofNanos(lab.nanoTime() - asked))
        .as("from asking for the lock of a session long dead to having it")
        .isLessThan(lab.kit().expirySlack());
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_4_renewalsKeepGrantsAndWaitersAlive(Lab lab) {
    LabNode renewed = lab.mortal();
    Ticket holder = renewed.mutex("a").granted();
    Ticket blocker = lab.node().mutex("b").granted();
    Ticket patient = renewed.mutex("b").queued(0);
    Ticket waiter = lab.node().mutex("a").queued(0);

    lab.pass(renewed.terms().ttl().multipliedBy(2));

    lab.assertLock("a", List.of(holder), List.of(waiter));
    lab.assertLock("b", List.of(blocker), List.of(patient));
    assertThat(renewed.recorder().expired()).isZero();
    holder.release();
    waiter.awaitGranted();
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_5_sessionThatExpiredNeverLivesAgain(Lab lab) {
    LabNode dying = lab.mortal();
    Ticket held = dying.mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();
    dying.abandon();
    waiter.awaitGranted();

    for (int i = 0; i < 3; i++) {
      assertEnded(lab, dying);
    }
    assertThatThrownBy(() -> lab.await(held.submitAsync()))
        .as("a repeated acquire of an ended session")
        .isInstanceOf(SessionEndedException.class);
    lab.assertLock("a", List.of(waiter), List.of());
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_6_expiryIsToldOnceAtMost(Lab lab) {
    LabNode dying = lab.mortal();
    dying.mutex("a").granted();
    dying.mutex("b").granted();
    Ticket waiter = lab.node().mutex("a").queued();
    dying.abandon();
    waiter.awaitGranted();

    assertEnded(lab, dying);
    assertEnded(lab, dying);
    dying.close();

    assertThat(dying.recorder().expired()).as("calls of onExpired").isLessThan(2);
  }

  private static void assertEnded(Lab lab, LabNode node) {
    assertThatThrownBy(() -> lab.await(node.session().renew()))
        .as("renewal of an ended session")
        .isInstanceOf(SessionEndedException.class);
    assertThatThrownBy(() -> lab.await(node.mutex("other").submitAsync()))
        .as("acquire of an ended session")
        .isInstanceOf(SessionEndedException.class);
    lab.assertAtRest("other");
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_7_deadWaiterIsSkipped(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    LabNode dying = lab.mortal();
    dying.mutex("a").queued(0);
    Ticket survivor = lab.node().mutex("a").queued(1);
    dying.abandon();

    holder.release();

    survivor.awaitGranted();
    assertThat(Duration.ofNanos(survivor.grantedAt() - dying.lastAnswered()))
        .isLessThanOrEqualTo(dying.terms().ttl().plus(lab.kit().expirySlack()));
    lab.assertLock("a", List.of(survivor), List.of());
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_8_hundredsOfDeadWaitersCostOneTtl(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    List<LabNode> dying = new ArrayList<>();
    for (int i = 1; i < lab.scaled(500); i++) {
      LabNode node = lab.mortal();
      node.mutex("a").queued();
      dying.add(node);
    }
    Ticket survivor = lab.node().mutex("a").queued();
    dying.forEach(LabNode::abandon);
    LabNode last = dying.get(dying.size() - 1);

    holder.release();

    survivor.awaitGranted();
    assertThat(Duration.ofNanos(survivor.grantedAt() - last.lastAnswered()))
        .as("from the death of the last of %s waiters to the grant", dying.size())
        .isLessThanOrEqualTo(last.terms().ttl().plus(lab.kit().expirySlack()));
    lab.assertLock("a", List.of(survivor), List.of());
    survivor.release();
    lab.assertSpaceEmpty();
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_9_closeOfASessionReleasesEverythingAtOnce(Lab lab) {
    LabNode leaving = lab.node();
    leaving.mutex("a").granted();
    leaving.reader("rw").granted();
    Ticket blocker = lab.node().mutex("b").granted();
    leaving.mutex("b").queued();
    Ticket next = lab.node().mutex("a").queued();
    Ticket writer = lab.node().writer("rw").queued();

    long begun = lab.nanoTime();
    leaving.close();
    next.awaitGranted();
    writer.awaitGranted();

    assertThat(Duration.ofNanos(Math.max(next.grantedAt(), writer.grantedAt()) - begun))
        .as("from close to the next grant")
        .isLessThan(lab.kit().expirySlack().plusSeconds(1));
    lab.assertLock("b", List.of(blocker), List.of());
    leaving.close();
    assertEnded(lab, leaving);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void r4_10_closeOfAnEngineEndsItsSessionsAtOnce(Lab lab) {
    Engine leaving = lab.engine();
    lab.node(leaving, SessionTerms.DEFAULT_TTL).mutex("a").granted();
    lab.node(leaving, SessionTerms.DEFAULT_TTL).mutex("b").granted();
    Ticket next = lab.node().mutex("a").queued();
    Ticket next2 = lab.node().mutex("b").queued();

    long begun = lab.nanoTime();
    leaving.close();
    leaving.close();
    next.awaitGranted();
    next2.awaitGranted();

    assertThat(Duration.ofNanos(Math.max(next.grantedAt(), next2.grantedAt()) - begun))
        .as("from close to the next grant")
        .isLessThan(lab.kit().expirySlack().plusSeconds(1));
  }

  @Test
  default void r4_11_endOfASessionTouchesNoOther(Lab lab) {
    Engine shared = lab.engine();
    LabNode leaving = lab.node(shared, SessionTerms.DEFAULT_TTL);
    LabNode staying = lab.node(shared, SessionTerms.DEFAULT_TTL);
    leaving.reader("rw").granted();
    Ticket reader = staying.reader("rw").granted();
    Ticket holder = staying.mutex("a").granted();
    leaving.mutex("a").queued();
    Ticket waiter = staying.mutex("a").queued();

    leaving.close();

    lab.assertLock("rw", List.of(reader), List.of());
    lab.assertLock("a", List.of(holder), List.of(waiter));
    lab.await(staying.session().renew());
  }
}
