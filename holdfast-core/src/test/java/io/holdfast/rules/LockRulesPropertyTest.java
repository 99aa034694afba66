package io.holdfast.rules;

import static io.holdfast.rules.RandomLock.grantees;
import static io.holdfast.rules.RandomLock.holds;
import static io.holdfast.rules.RandomLock.requests;
import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.rules.RandomLock.Script;
import io.holdfast.rules.RandomLock.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * What is true after every step of every script. Each property is written from the words of the
 * rules, not from their code, and looks only at the public state.
 */
class LockRulesPropertyTest {

  @Provide
  Arbitrary<Script> scripts() {
    return RandomLock.scripts();
  }

  @Property
  void grantsAreCompatible(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          List<Mode> modes = step.grantsAfter().stream().map(Grant::mode).toList();
          switch (kind.type()) {
            case MUTEX -> assertThat(modes).hasSizeLessThanOrEqualTo(1);
            case READ_WRITE ->
                assertThat(modes.size() < 2 || modes.stream().allMatch(Mode.SHARED::equals))
                    .as("alone or all readers: " + modes)
                    .isTrue();
            case SEMAPHORE ->
                assertThat(modes.stream().mapToInt(Mode::permits).sum())
                    .isLessThanOrEqualTo(kind.permits());
          }
        });
  }

  @Property
  void aRequestIsInOnePlace(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          List<RequestId> all = new ArrayList<>(grantees(step.grantsAfter()));
          step.queueAfter().forEach(waiter -> all.add(waiter.request()));
          assertThat(all).doesNotHaveDuplicates();
          assertThat(step.made().record() == null).isEqualTo(all.isEmpty());
        });
  }

  @Property
  void nobodyWaitsForALockThatIsHisTurn(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          List<Grant> grants = step.grantsAfter();
          List<Waiter> queue = step.queueAfter();
          if (queue.isEmpty()) {
            return;
          }
          assertThat(grants).isNotEmpty();
          if (kind.type() == LockKind.Type.SEMAPHORE) {
            int used = grants.stream().mapToInt(grant -> grant.mode().permits()).sum();
            assertThat(used + queue.get(0).mode().permits()).isGreaterThan(kind.permits());
          }
          if (holds(grants, Mode.SHARED)) {
            assertThat(queue.get(0).mode()).isEqualTo(Mode.EXCLUSIVE);
          }
        });
  }

  @Property
  void tokensOfConflictingGrantsGrow(@ForAll("scripts") Script script) {
    AtomicLong exclusive = new AtomicLong();
    AtomicLong shared = new AtomicLong();
    RandomLock.play(
        script,
        (kind, step) -> {
          for (Grant grant : step.grantsAfter()) {
            if (step.grantsBefore().contains(grant)) {
              continue;
            }
            switch (grant.mode().type()) {
              case EXCLUSIVE -> {
                long earlier = Math.max(exclusive.get(), shared.get());
                assertThat(grant.id()).isGreaterThan(earlier);
                exclusive.set(grant.id());
              }
              case SHARED -> {
                assertThat(grant.id()).isGreaterThan(exclusive.get());
                shared.set(grant.id());
              }
              case PERMITS -> assertThat(grant.id()).isEqualTo(step.version());
            }
          }
        });
  }

  @Property
  void readersOfOnePhaseShareOneId(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          if (holds(step.grantsAfter(), Mode.SHARED)) {
            Set<Long> ids = step.grantsAfter().stream().map(Grant::id).collect(toSet());
            assertThat(ids).hasSize(1);
            // If nobody stayed, it is another phase: a session can take the phase's last reader and
            // the waiting writer with it when it expires.
            step.grantsBefore().stream()
                .filter(grant -> grant.mode().equals(Mode.SHARED))
                .filter(grant -> grantees(step.grantsAfter()).contains(grant.request()))
                .forEach(grant -> assertThat(ids).containsOnly(grant.id()));
          }
        });
  }

  @Property
  void everyEndIsAccountedFor(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          Set<RequestId> granted = grantees(step.grantsAfter());
          Set<RequestId> waiting = requests(step.queueAfter());
          for (Waiter waiter : step.queueBefore()) {
            RequestId request = waiter.request();
            boolean told =
                granted.contains(request)
                    || eventsFor(step, request).stream().anyMatch(Event.Rejected.class::isInstance)
                    || withdraws(step.command(), request);
            assertThat(waiting.contains(request) || told).as("waiter " + request).isTrue();
          }
          for (Grant grant : step.grantsBefore()) {
            boolean told =
                eventsFor(step, grant.request()).contains(new Event.Ended(grant.request()))
                    || ends(step.command(), grant.request());
            assertThat(granted.contains(grant.request()) || told).as("grant " + grant).isTrue();
          }
        });
  }

  @Property
  void acquiresAndEndsDoWhatTheySay(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          Command command = step.command();
          Set<RequestId> granted = grantees(step.grantsAfter());
          Set<RequestId> waiting = requests(step.queueAfter());
          if (command instanceof Command.Acquire acquire) {
            Reply reply = step.made().reply();
            assertThat(granted.contains(acquire.request()))
                .isEqualTo(reply instanceof Reply.Granted);
            assertThat(waiting.contains(acquire.request()))
                .isEqualTo(reply instanceof Reply.Queued);
          } else if (command instanceof Command.Release release) {
            assertThat(granted).doesNotContain(release.request());
            assertThat(waiting.contains(release.request()))
                .isEqualTo(requests(step.queueBefore()).contains(release.request()));
          } else if (command instanceof Command.Cancel cancel) {
            assertThat(granted).doesNotContain(cancel.request());
            assertThat(waiting).doesNotContain(cancel.request());
          } else if (command instanceof Command.Expire expire) {
            assertThat(granted).noneMatch(request -> request.session() == expire.session());
            assertThat(waiting).noneMatch(request -> request.session() == expire.session());
          }
        });
  }

  @Property
  void everyGrantToAWaiterIsAnnounced(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          Set<RequestId> waited = requests(step.queueBefore());
          List<Event> expected =
              step.grantsAfter().stream()
                  .filter(grant -> waited.contains(grant.request()))
                  .<Event>map(grant -> new Event.Granted(grant.request(), grant.id()))
                  .toList();
          List<Event> announced =
              step.made().events().stream().filter(Event.Granted.class::isInstance).toList();
          assertThat(announced).containsExactlyInAnyOrderElementsOf(expected);
        });
  }

  /** Every holder in somebody's way has been told so, and knows whether an answer is wanted. */
  @Property
  void holdersInTheWayHaveBeenAsked(@ForAll("scripts") Script script) {
    Map<RequestId, Boolean> gently = new HashMap<>();
    RandomLock.play(
        script,
        (kind, step) -> {
          // A turned grant is a new one to its node, and one that declined must be asked again.
          for (Grant grant : step.grantsBefore()) {
            Optional<Grant> now = find(step.grantsAfter(), grant.request());
            if (now.isEmpty() || !now.get().mode().equals(grant.mode())) {
              gently.remove(grant.request());
            }
          }
          if (step.command() instanceof Command.Decline decline) {
            gently.remove(decline.request(), true);
          }
          for (Event event : step.made().events()) {
            if (event instanceof Event.Revoke revoke) {
              assertThat(grantees(step.grantsAfter())).contains(revoke.request());
              gently.merge(revoke.request(), revoke.tryOnly(), Boolean::logicalAnd);
            }
          }
          for (Grant grant : step.grantsAfter()) {
            for (Waiter waiter : step.queueAfter()) {
              if (!grant.mode().equals(Mode.SHARED) || !waiter.mode().equals(Mode.SHARED)) {
                assertThat(gently).as("asked for " + waiter).containsKey(grant.request());
                assertThat(waiter.tryOnly() || !gently.get(grant.request())).isTrue();
              }
            }
          }
        });
  }

  @Property
  void tryRequestsWaitOnlyBehindRetainedLocks(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          if (step.command() instanceof Command.Acquire acquire
              && acquire.patience() == Command.Patience.TRY
              && step.made().changed()
              && step.made().reply() instanceof Reply.Queued) {
            assertThat(step.queueBefore()).allMatch(Waiter::tryOnly);
            assertThat(step.grantsBefore())
                .filteredOn(grant -> !grant.mode().equals(acquire.mode()) || !shared(acquire))
                .allMatch(Grant::retainable);
          }
        });
  }

  @Property
  void repeatingACommandChangesNothing(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          if (step.command() instanceof Command.Refresh) {
            return;
          }
          Transition again = LockRules.apply(step.made().record(), step.command(), step.version());
          assertThat(again.changed()).isFalse();
          assertThat(again.events()).isEmpty();
          assertThat(again.record()).isEqualTo(step.made().record());
          if (!(step.command() instanceof Command.ForceRelease)) {
            assertThat(again.reply()).isEqualTo(step.made().reply());
          }
        });
  }

  @Property
  void theSameInputGivesTheSameOutput(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          long now = step.raw().changed() ? step.version() - 1 : step.version();
          assertThat(LockRules.apply(step.before(), step.command(), now)).isEqualTo(step.raw());
          boolean differs = !Optional.ofNullable(step.before()).equals(after(step));
          assertThat(step.made().changed()).isEqualTo(differs);
        });
  }

  @Property
  void everyRecordSurvivesItsBinaryForm(@ForAll("scripts") Script script) {
    RandomLock.play(
        script,
        (kind, step) -> {
          LockRecord stored = step.raw().record();
          if (stored != null) {
            assertThat(RecordCodec.decode(RecordCodec.encode(stored), step.version()))
                .isEqualTo(step.made().record());
          }
        });
  }

  private static Optional<LockRecord> after(Step step) {
    return Optional.ofNullable(step.made().record());
  }

  private static boolean shared(Command.Acquire acquire) {
    return acquire.mode().equals(Mode.SHARED);
  }

  private static Optional<Grant> find(List<Grant> grants, RequestId request) {
    return grants.stream().filter(grant -> grant.request().equals(request)).findFirst();
  }

  private static List<Event> eventsFor(Step step, RequestId request) {
    Predicate<Event> about = event -> event.request().equals(request);
    return step.made().events().stream().filter(about).toList();
  }

  private static boolean withdraws(Command command, RequestId request) {
    return command.equals(new Command.Cancel(request))
        || command.equals(new Command.Expire(request.session()));
  }

  private static boolean ends(Command command, RequestId request) {
    return command.equals(new Command.Release(request))
        || command.equals(new Command.Cancel(request));
  }
}
