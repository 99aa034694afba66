package io.holdfast.rules;

import static io.holdfast.rules.RandomLock.grantees;
import static io.holdfast.rules.RandomLock.holds;
import static io.holdfast.rules.RandomLock.requests;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.RandomLock.Script;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Who is served before whom, after every step of every script: the order of the queue, and fair
 * phases.
 */
class LockOrderPropertyTest {

  @Provide
  Arbitrary<Script> scripts() {
    return RandomLock.scripts();
  }

  @Property
  void theQueueKeepsItsOrder(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          List<RequestId> kept =
              step.queueBefore().stream()
                  .map(Waiter::request)
                  .filter(requests(step.queueAfter())::contains)
                  .toList();
          List<RequestId> after = step.queueAfter().stream().map(Waiter::request).toList();
          assertThat(after.subList(0, kept.size())).isEqualTo(kept);
          assertThat(after.size() - kept.size()).isBetween(0, 1);
        });
  }

  @Property
  void waitersOfOneClassAreServedInOrder(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          Set<RequestId> granted = grantees(step.grantsAfter());
          Set<RequestId> waiting = requests(step.queueAfter());
          Set<Mode.Type> passed = new HashSet<>();
          for (Waiter waiter : step.queueBefore()) {
            Mode.Type type = waiter.mode().type();
            if (waiting.contains(waiter.request())) {
              passed.add(type);
            } else if (granted.contains(waiter.request())) {
              assertThat(passed).as("waiters of this class were passed over").doesNotContain(type);
            }
          }
        });
  }

  @Property
  void nobodyOvertakesOnArrival(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          if (step.command() instanceof Command.Acquire acquire
              && grantees(step.grantsAfter()).contains(acquire.request())
              && !grantees(step.grantsBefore()).contains(acquire.request())) {
            assertThat(step.queueBefore()).as("waiters before the newcomer").isEmpty();
          }
        });
  }

  /** Phase fairness, from the side of the readers. */
  @Property
  void whenAWriterLeavesAllReadersEnter(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          boolean readersWaited =
              step.queueBefore().stream().anyMatch(waiter -> waiter.mode().equals(Mode.SHARED));
          if (holds(step.grantsBefore(), Mode.EXCLUSIVE)
              && !holds(step.grantsAfter(), Mode.EXCLUSIVE)
              && readersWaited) {
            assertThat(step.queueAfter()).noneMatch(waiter -> waiter.mode().equals(Mode.SHARED));
          }
        });
  }

  /**
   * Phase fairness, counted: a reader is passed by one writer at most; a writer by one read phase
   * for himself and for each writer before him, and one more for each upgrade.
   */
  @Property
  void aWaiterIsOvertakenByOnePhaseAtMost(@ForAll("scripts") Script script) {
    Map<RequestId, Integer> passedBy = new HashMap<>();
    Map<RequestId, Integer> allowed = new HashMap<>();
    RandomLock.play(
        script,
        (kind, step) -> {
          if (kind.type() != LockKind.Type.READ_WRITE) {
            return;
          }
          boolean upgraded = step.command() instanceof Command.Upgrade && step.made().changed();
          boolean readPhaseBegan =
              holds(step.grantsAfter(), Mode.SHARED) && !holds(step.grantsBefore(), Mode.SHARED);
          boolean writerEntered =
              !upgraded
                  && holds(step.grantsAfter(), Mode.EXCLUSIVE)
                  && !grantees(step.grantsBefore()).equals(grantees(step.grantsAfter()));
          int writersAhead = 0;
          for (Waiter waiter : step.queueAfter()) {
            boolean writer = waiter.mode().equals(Mode.EXCLUSIVE);
            RequestId request = waiter.request();
            int bound = writer ? writersAhead + 1 : 1;
            allowed.merge(request, upgraded && writer ? 1 : 0, Integer::sum);
            if (!passedBy.containsKey(request)) {
              passedBy.put(request, 0);
              allowed.put(request, bound);
            } else if (writer ? readPhaseBegan : writerEntered) {
              passedBy.merge(request, 1, Integer::sum);
            }
            assertThat(passedBy.get(request)).isLessThanOrEqualTo(allowed.get(request));
            writersAhead += writer ? 1 : 0;
          }
        });
  }
}
