package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.LockView;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Waiter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 11: inspection and force-release. */
interface InspectionRules {

  /** How far the clocks of engine and kit may differ in what is shown to people. */
  long CLOCK_TOLERANCE = TimeUnit.MINUTES.toMillis(5);

  @Test
  default void r11_1_lockAtRestIsAbsent(Lab lab) {
    lab.assertAtRest("never");
    lab.assertSpaceEmpty();
    lab.node().mutex("a").granted().release();
    lab.assertAtRest("a");
  }

  @Test
  default void r11_2_lookShowsGrantsAndQueue(Lab lab) {
    long now = lab.environment().ticker().epochMillis();
    Ticket reader = lab.node().reader("rw").owner("first").retainable().granted();
    Ticket reader2 = lab.node().reader("rw").owner("second").granted();
    Ticket writer = lab.node().writer("rw").owner("third").queued();
    Ticket late = lab.node().reader("rw").owner("fourth").retainable().queued();

    LockView view = lab.view("rw").orElseThrow();

    assertThat(view.name()).isEqualTo("rw");
    assertThat(view.record().kind()).isEqualTo(LockKind.READ_WRITE);
    assertGrant(view.record().grants().get(0), reader, now);
    assertGrant(view.record().grants().get(1), reader2, now);
    assertThat(view.record().queue()).hasSize(2);
    assertWaiter(view.record().queue().get(0), writer, now);
    assertWaiter(view.record().queue().get(1), late, now);
  }

  private static void assertGrant(Grant grant, Ticket ticket, long now) {
    assertThat(grant.request()).isEqualTo(ticket.request());
    assertThat(grant.mode()).isEqualTo(ticket.command().mode());
    assertThat(grant.id()).isEqualTo(ticket.id());
    assertThat(grant.owner()).isEqualTo(ticket.command().owner());
    assertThat(grant.retainable()).isEqualTo(ticket.command().retainable());
    assertThat(grant.since()).isBetween(now - CLOCK_TOLERANCE, now + CLOCK_TOLERANCE);
  }

  private static void assertWaiter(Waiter waiter, Ticket ticket, long now) {
    assertThat(waiter.request()).isEqualTo(ticket.request());
    assertThat(waiter.mode()).isEqualTo(ticket.command().mode());
    assertThat(waiter.owner()).isEqualTo(ticket.command().owner());
    assertThat(waiter.retainable()).isEqualTo(ticket.command().retainable());
    assertThat(waiter.tryOnly()).isFalse();
    assertThat(waiter.since()).isBetween(now - CLOCK_TOLERANCE, now + CLOCK_TOLERANCE);
  }

  @Test
  default void r11_2_lookShowsPermitsAndTries(Lab lab) {
    lab.node().permits("sem", 2, 3).retainable().granted();
    Ticket trying = lab.node().permits("sem", 3, 3).trying().queued();
    LockView view = lab.view("sem").orElseThrow();
    assertThat(view.record().kind()).isEqualTo(LockKind.semaphore(3));
    assertThat(view.record().grants().get(0).mode()).isEqualTo(Mode.permits(2));
    assertThat(view.record().queue().get(0).request()).isEqualTo(trying.request());
    assertThat(view.record().queue().get(0).tryOnly()).isTrue();
  }

  @Test
  default void r11_3_lookShowsTheSessions(Lab lab) {
    LabNode holding = lab.node();
    LabNode waiting = lab.mortal();
    holding.mutex("a").granted();
    waiting.mutex("a").queued();

    LockView view = lab.view("a").orElseThrow();

    assertThat(view.sessions())
        .containsEntry(holding.session().id(), holding.terms())
        .containsEntry(waiting.session().id(), waiting.terms());
  }

  @Test
  default void r11_4_listingHasPrefixOrderAndPages(Lab lab) {
    LabNode node = lab.node();
    // In UTF-16 the lock (a surrogate pair) comes before the fullwidth A, in UTF-8 after it.
    List<String> names =
        List.of("p/", "p/1", "p/10", "p/2", "p/A", "p/a", "p/\u00E9", "p/\uD83D\uDD12", "p/\uFF21");
    names.forEach(name -> node.mutex(name).granted());
    List.of("P/1", "p", "q", "p.", "p0").forEach(name -> node.mutex(name).granted());

    assertThat(names(lab, "p/", "", 1000))
        .containsExactlyElementsOf(names.stream().sorted().toList());
    List<String> paged = new ArrayList<>();
    String after = "";
    for (int page = 0; page <= names.size(); page++) {
      List<String> next = names(lab, "p/", after, 2);
      paged.addAll(next);
      if (next.size() < 2) {
        break;
      }
      after = next.get(1);
    }
    assertThat(paged).containsExactlyElementsOf(names.stream().sorted().toList());
    assertThat(names(lab, "", "", 1000)).hasSize(names.size() + 5);
    assertThat(names(lab, "none", "", 1000)).isEmpty();
  }

  private static List<String> names(Lab lab, String prefix, String after, int limit) {
    return lab.await(lab.observer().list(prefix, after, limit)).stream()
        .map(LockView::name)
        .toList();
  }

  @Test
  default void r11_5_lookIsAsOfNow(Lab lab) {
    List<LabNode> nodes = lab.nodes(4);
    for (int i = 0; i < lab.scaled(50); i++) {
      Ticket ticket = nodes.get(i % 4).mutex("a").granted();
      Engine other = nodes.get((i + 1) % 4).engine();
      assertThat(lab.await(other.read("a")).orElseThrow().record().grants().get(0).request())
          .isEqualTo(ticket.request());
      ticket.release();
      assertThat(lab.await(other.read("a"))).isEmpty();
    }
  }

  @Test
  default void r11_6_forceReleaseEndsTheGrantAndHandsOver(Lab lab) {
    Ticket stuck = lab.node().mutex("a").granted();
    Ticket next = lab.node().mutex("a").queued();

    assertThat(lab.await(lab.node().engine().forceRelease("a", stuck.request(), stuck.id())))
        .isTrue();

    next.awaitGranted();
    stuck.awaitEnded();
    lab.assertLock("a", List.of(next), List.of());
    stuck.release();
    lab.assertLock("a", List.of(next), List.of());
  }

  @Test
  default void r11_7_forceReleaseOfSomethingElseDoesNothing(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket waiter = lab.node().mutex("a").queued();
    Engine engine = lab.node().engine();

    assertThat(lab.await(engine.forceRelease("a", holder.request(), holder.id() + 1))).isFalse();
    assertThat(lab.await(engine.forceRelease("a", holder.request(), holder.id() - 1))).isFalse();
    assertThat(lab.await(engine.forceRelease("a", waiter.request(), holder.id()))).isFalse();
    assertThat(lab.await(engine.forceRelease("never", holder.request(), holder.id()))).isFalse();
    lab.assertLock("a", List.of(holder), List.of(waiter));

    assertThat(lab.await(engine.forceRelease("a", holder.request(), holder.id()))).isTrue();
    assertThat(lab.await(engine.forceRelease("a", holder.request(), holder.id()))).isFalse();
    lab.assertLock("a", List.of(waiter), List.of());
    lab.assertAtRest("never");
  }

  @Test
  default void r11_8_spaceAtRestIsEmpty(Lab lab) {
    List<LabNode> nodes = lab.nodes(2);
    List<Ticket> tickets = new ArrayList<>();
    for (int i = 0; i < lab.scaled(500); i++) {
      String name = "once/" + i;
      tickets.add(nodes.get(0).reader(name).granted());
      tickets.add(
          i % 2 == 0 ? nodes.get(1).writer(name).queued() : nodes.get(1).reader(name).granted());
    }
    tickets.forEach(Ticket::cancel);
    lab.assertSpaceEmpty();
  }

  @Test
  default void r11_9_lookDropsTheDead(Lab lab) {
    LabNode dying = lab.mortal();
    dying.mutex("a").granted();
    Ticket holder = lab.node().mutex("b").granted();
    dying.mutex("b").queued();
    dying.abandon();
    lab.pass(dying.terms().ttl().plus(lab.kit().expirySlack()));

    lab.assertAtRest("a");
    lab.assertLock("b", List.of(holder), List.of());
  }

  @Test
  default void r11_10_engineDescribesItself(Lab lab) {
    EngineDescription description = lab.node().engine().description();
    assertThat(description.type()).isNotBlank();
    assertThat(description.location()).isNotBlank();
    assertThat(description.guarantees()).isNotEmpty().allMatch(line -> !line.isBlank());
  }
}
