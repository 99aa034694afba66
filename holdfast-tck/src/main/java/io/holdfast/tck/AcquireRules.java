package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Command;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/** SPEC.md, group 1: acquire and grant. */
interface AcquireRules {

  @Test
  default void r1_1_lockAtRestIsGrantedInTheReply(Lab lab) {
    Ticket mutex = lab.node().mutex("mutex").granted();
    Ticket writer = lab.node().writer("writer").granted();
    Ticket reader = lab.node().reader("reader").granted();
    Ticket permits = lab.node().permits("permits", 3, 3).granted();

    lab.assertLock("mutex", List.of(mutex), List.of());
    lab.assertLock("writer", List.of(writer), List.of());
    lab.assertLock("reader", List.of(reader), List.of());
    lab.assertLock("permits", List.of(permits), List.of());
  }

  @Test
  default void r1_2_compatibleRequestIsGrantedInTheReply(Lab lab) {
    Ticket reader = lab.node().reader("rw").granted();
    Ticket reader2 = lab.node().reader("rw").granted();
    Ticket permits = lab.node().permits("sem", 1, 3).granted();
    Ticket permits2 = lab.node().permits("sem", 2, 3).granted();

    lab.assertLock("rw", List.of(reader, reader2), List.of());
    lab.assertLock("sem", List.of(permits, permits2), List.of());
  }

  @Test
  default void r1_3_conflictingRequestIsQueued(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket first = lab.node().mutex("a").queued(0);
    Ticket second = lab.node().mutex("a").queued(1);
    Ticket third = lab.node().mutex("a").queued(2);

    lab.assertLock("a", List.of(holder), List.of(first, second, third));
  }

  @Test
  default void r1_4_repeatedAcquireOfTheHolderIsTheSameGrant(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    long id = holder.id();
    Ticket waiter = lab.node().mutex("a").queued(0);

    assertThat(holder.granted().id()).isEqualTo(id);
    assertThat(holder.granted().id()).isEqualTo(id);

    lab.assertLock("a", List.of(holder), List.of(waiter));
    holder.release();
    waiter.awaitGranted();
    lab.assertLock("a", List.of(waiter), List.of());
  }

  @Test
  default void r1_4_repeatedAcquireTakesNoSecondPermit(Lab lab) {
    Ticket holder = lab.node().permits("sem", 1, 2).granted();
    holder.granted();
    holder.granted();
    Ticket other = lab.node().permits("sem", 1, 2).granted();

    lab.assertLock("sem", List.of(holder, other), List.of());
  }

  @Test
  default void r1_4_repeatedAcquireOfAWaiterKeepsItsPlace(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    Ticket first = lab.node().mutex("a").queued(0);
    Ticket second = lab.node().mutex("a").queued(1);

    first.queued(0);
    second.queued(1);
    first.queued(0);

    lab.assertLock("a", List.of(holder), List.of(first, second));
  }

  @Test
  default void r1_4_acquiresOfOneRequestAtTheSameTimeAreOne(Lab lab) {
    Ticket holder = lab.node().mutex("a");
    Ticket waiter = lab.node().mutex("a");
    for (Ticket ticket : List.of(holder, waiter)) {
      List<CompletionStage<Reply>> replies = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        replies.add(ticket.submitAsync());
      }
      Reply first = lab.await(replies.get(0));
      replies.forEach(reply -> assertThat(lab.await(reply)).isEqualTo(first));
    }
    lab.assertLock("a", List.of(holder), List.of(waiter));
  }

  @Test
  default void r1_6_twoRequestsOfOneSessionConflict(Lab lab) {
    LabNode node = lab.node();
    Ticket first = node.mutex("a").granted();
    Ticket second = node.mutex("a").queued(0);
    first.release();
    second.awaitGranted();
    lab.assertLock("a", List.of(second), List.of());
  }

  @Test
  default void r1_7_firstWaiterAlwaysConflictsWithTheHolders(Lab lab) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
    List<LabNode> nodes = lab.nodes(4);
    List<Ticket> open = new ArrayList<>();
    for (int step = 0; step < lab.scaled(200); step++) {
      if (open.size() < 3 || (open.size() < 9 && random.nextBoolean())) {
        LabNode node = nodes.get(random.nextInt(nodes.size()));
        Ticket ticket = random.nextInt(3) == 0 ? node.writer("rw") : node.reader("rw");
        ticket.submit();
        open.add(ticket);
      } else {
        open.remove(random.nextInt(open.size())).cancel();
      }
      assertSettled(lab.record("rw"), "step " + step);
    }
  }

  private static void assertSettled(LockRecord record, String when) {
    List<Mode> modes = record.grants().stream().map(Grant::mode).toList();
    if (modes.contains(Mode.EXCLUSIVE)) {
      assertThat(modes).as("holders at %s", when).hasSize(1);
    }
    if (!record.queue().isEmpty()) {
      assertThat(modes).as("holders while somebody waits at %s", when).isNotEmpty();
      boolean conflict =
          modes.contains(Mode.EXCLUSIVE) || record.queue().get(0).mode().equals(Mode.EXCLUSIVE);
      assertThat(conflict).as("first waiter must wait at %s: %s", when, record).isTrue();
    }
  }

  @Test
  default void r1_8_commandsOfOneSessionTakeEffectInOrder(Lab lab) {
    LabNode node = lab.node();
    List<CompletionStage<Reply>> acquires = new ArrayList<>();
    List<CompletionStage<Reply>> releases = new ArrayList<>();
    for (int i = 0; i < lab.scaled(50); i++) {
      for (String name : List.of("a", "b")) {
        Ticket ticket = node.mutex(name);
        acquires.add(ticket.submitAsync());
        releases.add(ticket.submitAsync(new Command.Release(ticket.request())));
      }
    }
    Ticket last = node.mutex("a").granted();

    releases.forEach(reply -> assertThat(lab.await(reply)).isEqualTo(new Reply.Done()));
    acquires.forEach(reply -> assertThat(lab.await(reply)).isInstanceOf(Reply.Granted.class));
    lab.assertLock("a", List.of(last), List.of());
    lab.assertAtRest("b");
  }

  @Test
  default void r1_9_rejectedAcquireLeavesNoTrace(Lab lab) {
    Ticket holder = lab.node().mutex("a").granted();
    lab.node().reader("a").rejected(Reply.Reason.KIND_MISMATCH);
    lab.node().mutex("a").trying().rejected(Reply.Reason.BUSY);

    lab.assertLock("a", List.of(holder), List.of());
    assertThat(lab.record("a").kind()).isEqualTo(LockKind.MUTEX);
    holder.release();
    lab.assertAtRest("a");
  }
}
