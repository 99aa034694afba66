package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.Reply;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;

/** SPEC.md, rules 1.5, 1.10, 5.2 and 8.2 under load from several sessions. */
interface LoadRules {

  /** Tests that load the machine exclude those that measure time. */
  String LOAD = "io.holdfast.tck.load";

  /** How many sessions hammer. */
  int SESSIONS = 8;

  @Test
  @ResourceLock(LOAD)
  default void r1_5_hammeredMutexIsExclusive(Lab lab) {
    int rounds = lab.scaled(25);
    hammer(lab, 1, rounds, (node, round) -> node.mutex("hot"));
  }

  @Test
  @ResourceLock(LOAD)
  default void r1_10_everySessionIsServedOnManyNames(Lab lab) {
    int names = lab.scaled(100);
    hammer(lab, names, lab.scaled(40), (node, round) -> node.mutex("n" + (round * 7 + 3) % names));
  }

  @Test
  @ResourceLock(LOAD)
  default void r1_5_hammeredReadWriteLockExcludesWriters(Lab lab) {
    hammer(
        lab,
        1,
        lab.scaled(25),
        (node, round) -> round % 4 == 0 ? node.writer("rw") : node.reader("rw"));
  }

  @Test
  @ResourceLock(LOAD)
  default void r8_2_hammeredSemaphoreNeverOverflows(Lab lab) {
    hammer(lab, 1, lab.scaled(25), (node, round) -> node.permits("sem", 1 + round % 3, 4));
  }

  /** Chooses what a worker asks for next. */
  @FunctionalInterface
  interface Choice {

    /** The request of a round. */
    Ticket of(LabNode node, int round);
  }

  private static void hammer(Lab lab, int names, int rounds, Choice choice) {
    History history = new History();
    List<LabNode> nodes = lab.nodes(SESSIONS);
    AtomicLongArray served = new AtomicLongArray(SESSIONS);
    lab.together(
        IntStream.range(0, SESSIONS * 2).boxed().toList(),
        worker -> {
          LabNode node = nodes.get(worker % SESSIONS);
          for (int round = 0; round < rounds; round++) {
            visit(history, choice.of(node, worker + round));
            served.incrementAndGet(worker % SESSIONS);
          }
        });
    history.assertCorrect();
    for (int i = 0; i < SESSIONS; i++) {
      assertThat(served.get(i)).as("rounds of session %s", i).isEqualTo(rounds * 2L);
    }
    assertThat(history.names()).hasSizeLessThanOrEqualTo(names);
    assertThat(nodes).noneMatch(node -> node.recorder().overlapped());
    lab.assertSpaceEmpty();
  }

  /** Acquires, enters the critical section, leaves it and releases. */
  private static void visit(History history, Ticket ticket) {
    History.Attempt attempt =
        history.ask(
            ticket.toString(), ticket.name(), ticket.command().kind(), ticket.command().mode());
    Reply reply = ticket.submit();
    if (reply instanceof Reply.Queued) {
      ticket.awaitGranted();
    } else {
      assertThat(reply).as("reply to %s", ticket).isInstanceOf(Reply.Granted.class);
    }
    attempt.granted(ticket.id());
    LockSupport.parkNanos(1);
    attempt.released();
    ticket.release();
  }
}
