package io.holdfast.engine;

import static io.holdfast.engine.FaultyRecordStore.Fate.LATE;
import static io.holdfast.engine.FaultyRecordStore.Fate.LOST;
import static io.holdfast.engine.FaultyRecordStore.Fate.OUTRUN;
import static io.holdfast.engine.FaultyRecordStore.Fate.REFUSED;
import static io.holdfast.engine.FaultyRecordStore.Fate.REPEATED;
import static io.holdfast.engine.FaultyRecordStore.Fate.UNANSWERED;
import static io.holdfast.engine.StoreWorld.failure;
import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.FaultyRecordStore.Fate;
import io.holdfast.engine.StoreWorld.Client;
import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Event;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RecordCodec;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a store engine does when the store, the network or another process fails. */
class StoreEngineFaultTest {

  private final StoreWorld world = new StoreWorld();
  private final FaultyRecordStore store = world.store;

  @Test
  void S13_contenderThatComesLaterNeedsNoSecondTtl() {
    Client dead = world.client();
    Client contender = world.client();
    now(dead.acquire("a", 1));
    store.kill(dead.session.id());
    store.calls();

    assertThat(now(contender.acquire("a", 1))).isInstanceOf(Reply.Granted.class);
    assertThat(store.calls()).containsExactly("compareAndSet", "findDead", "compareAndSet");
  }

  @Test
  void tryAndOtherKindsAreNotTurnedAwayByTheDead() {
    Client dead = world.client();
    Client contender = world.client();
    now(dead.acquire("a", 1));
    now(dead.acquire("b", 2));
    now(dead.acquire("b", 3));
    store.kill(dead.session.id());

    assertThat(now(contender.acquire("a", 1, LockKind.READ_WRITE, Mode.SHARED)))
        .isInstanceOf(Reply.Granted.class);
    assertThat(now(contender.acquire("b", 2, Patience.TRY))).isInstanceOf(Reply.Granted.class);
  }

  @Test
  void S13_waiterNoticesThatTheHolderHasDied() {
    Client dead = world.client();
    Client waiter = world.client();
    now(dead.acquire("a", 1));
    now(waiter.acquire("a", 1));
    world.advance(5_000);
    store.kill(dead.session.id());

    world.advance(1_000);

    assertThat(waiter.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }

  @Test
  void S16_deadWaitersAreSkippedAllAtOnce() {
    Client holder = world.client();
    now(holder.acquire("a", 1));
    List<Client> doomed = new ArrayList<>();
    for (int i = 0; i < 499; i++) {
      Client client = world.client();
      now(client.acquire("a", 1));
      doomed.add(client);
    }
    Client survivor = world.client();
    now(survivor.acquire("a", 1));
    doomed.forEach(client -> store.kill(client.session.id()));
    doomed.forEach(client -> client.engine.close());
    now(holder.release("a", 1));
    store.calls();

    world.advance(1_000);

    assertThat(survivor.heard()).singleElement().isInstanceOf(Event.Granted.class);
    assertThat(store.record("a").queue()).isEmpty();
    assertThat(store.calls())
        .filteredOn(call -> !call.equals("read"))
        .containsExactly("findDead", "findDead", "compareAndSet");
  }

  @ParameterizedTest
  @EnumSource(
      value = Fate.class,
      names = {"UNANSWERED", "LOST", "OUTRUN", "SLOW"})
  void acquireAndReleaseSurviveAnUnluckyWrite(Fate fate) {
    Client client = world.client();
    store.script("compareAndSet", fate);
    CompletionStage<Reply> acquired = client.acquire("a", 1);
    world.advance(1_000);
    assertThat(now(acquired)).isInstanceOf(Reply.Granted.class);
    assertThat(store.record("a").grants()).hasSize(1);

    store.script("compareAndSet", fate);
    CompletionStage<Reply> released = client.release("a", 1);
    world.advance(1_000);
    assertThat(now(released)).isEqualTo(new Reply.Done());
    assertThat(store.names()).isEmpty();

    world.advance(60_000);
    assertThat(client.session.interest()).isZero();
    assertThat(client.heard()).isEmpty();
  }

  @Test
  void lostRacesAreRunAgain() {
    Client client = world.client();
    now(client.acquire("a", 1));
    store.script("compareAndSet", OUTRUN, OUTRUN, OUTRUN, OUTRUN, OUTRUN, OUTRUN);

    CompletionStage<Reply> released = client.release("a", 1);
    world.advance(200);

    assertThat(now(released)).isEqualTo(new Reply.Done());
    assertThat(store.names()).isEmpty();
  }

  @Test
  void refusedWriteLeavesNothingBehind() {
    Client client = world.client();
    store.script("compareAndSet", REFUSED);

    assertThat(failure(client.acquire("a", 1))).isInstanceOf(EngineUnavailableException.class);

    assertThat(client.session.interest()).isZero();
    assertThat(world.time.pending()).isZero();
    assertThat(now(client.acquire("a", 1))).isInstanceOf(Reply.Granted.class);
  }

  @Test
  void outcomeThatStaysUnknownIsSaidToBe() {
    Client client = world.client();
    store.faults(call -> call.equals("read") ? REFUSED : UNANSWERED);
    CompletionStage<Reply> acquired = client.acquire("a", 1);
    world.advance(1_000);
    assertThat(failure(acquired)).isInstanceOf(OutcomeUnknownException.class);

    store.noFaults();
    assertThat(now(client.acquire("a", 1))).isInstanceOf(Reply.Granted.class);
    now(client.release("a", 1));
    world.advance(60_000);
    assertThat(client.session.interest()).isZero();
  }

  @Test
  void requestInDoubtCanBeCancelled() {
    Client client = world.client();
    store.faults(call -> call.equals("read") ? REFUSED : UNANSWERED);
    CompletionStage<Reply> acquired = client.acquire("a", 1);
    world.advance(1_000);
    assertThat(failure(acquired)).isInstanceOf(OutcomeUnknownException.class);
    store.noFaults();

    assertThat(now(client.cancel("a", 1))).isEqualTo(new Reply.Done());

    assertThat(store.names()).isEmpty();
    assertThat(client.session.interest()).isZero();
  }

  @Test
  void requestInDoubtThatWasGrantedIsHeardOf() {
    Client client = world.client();
    store.faults(call -> call.equals("read") ? REFUSED : UNANSWERED);
    CompletionStage<Reply> acquired = client.acquire("a", 1);
    world.advance(1_000);
    assertThat(failure(acquired)).isInstanceOf(OutcomeUnknownException.class);
    store.noFaults();

    world.advance(StoreWorld.TERMS.ttl().toMillis());

    assertThat(client.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }

  @ParameterizedTest
  @EnumSource(
      value = Fate.class,
      names = {"LATE", "REPEATED"})
  void S06_lateWriteThatNobodyWaitsForIsTakenBack(Fate fate) {
    Client client = world.client();
    store.script("compareAndSet", fate);
    CompletionStage<Reply> acquired = client.acquire("a", 1);
    assertThat(now(acquired)).isInstanceOf(Reply.Granted.class);
    now(client.release("a", 1));
    assertThat(store.names()).isEmpty();
    world.advance(1_000);
    assertThat(store.names()).as("the late write has made a ghost").containsExactly("a");

    world.advance(StoreWorld.TERMS.ttl().toMillis());

    assertThat(store.names()).isEmpty();
    assertThat(client.session.interest()).isZero();
    assertThat(client.heard()).isEmpty();
  }

  @Test
  void lateWriteIsTakenBackAlthoughTheFirstLookFails() {
    Client client = world.client();
    store.script("compareAndSet", REPEATED);
    now(client.acquire("a", 1));
    now(client.release("a", 1));
    world.advance(1_000);
    store.script("read", REFUSED);

    world.advance(2 * StoreWorld.TERMS.ttl().toMillis());

    assertThat(store.names()).isEmpty();
    assertThat(world.time.pending()).isZero();
  }

  @Test
  void S05_ghostGivesWayToAContenderAtOnce() {
    Client client = world.client();
    Client contender = world.client();
    store.script("compareAndSet", REPEATED);
    now(client.acquire("a", 1));
    now(client.release("a", 1));
    world.advance(1_000);

    now(contender.acquire("a", 1));
    world.advance(0);

    assertThat(contender.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }

  @Test
  void ownGhostIsNotInTheWay() {
    Client client = world.client();
    store.script("compareAndSet", REPEATED);
    now(client.acquire("a", 1));
    now(client.release("a", 1));
    world.advance(1_000);

    assertThat(now(client.acquire("a", 2))).isInstanceOf(Reply.Granted.class);
    assertThat(store.record("a").grants())
        .extracting(Grant::request)
        .containsExactly(client.request(2));
  }

  @Test
  void S06_lateReleaseLeavesTheNextHolderAlone() {
    Client client = world.client();
    Client next = world.client();
    now(client.acquire("a", 1));
    store.script("compareAndSet", LATE);
    now(client.release("a", 1));
    now(next.acquire("a", 1));

    world.advance(60_000);

    assertThat(store.record("a").grants())
        .extracting(Grant::request)
        .containsExactly(next.request(1));
    assertThat(next.heard()).isEmpty();
  }

  @Test
  void S30_recordOfAnUnknownFormatIsLeftAlone() {
    byte[] newer = {99, 1, 2, 3};
    store.put("a", newer);
    Client client = world.client();

    assertThat(failure(client.acquire("a", 1)))
        .isInstanceOf(LockRefusedException.class)
        .hasMessageContaining("lock a ")
        .hasMessageContaining("99");
    assertThat(failure(client.engine.read("a"))).isInstanceOf(LockRefusedException.class);
    assertThat(failure(client.engine.list("", "", 10))).isInstanceOf(LockRefusedException.class);

    assertThat(now(client.acquire("b", 2))).isInstanceOf(Reply.Granted.class);
    assertThat(client.session.interest()).isEqualTo(1);
  }

  @Test
  void recordThatContradictsTheRulesStopsTheEngine() {
    Client client = world.client();
    Grant one = new Grant(new RequestId(77, 1), Mode.EXCLUSIVE, 1, "one", true, 0);
    Grant two = new Grant(new RequestId(78, 1), Mode.EXCLUSIVE, 2, "two", true, 0);
    store.put(
        "a", RecordCodec.encode(new LockRecord(LockKind.MUTEX, List.of(one, two), List.of())));

    assertThat(failure(client.acquire("a", 1)))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("lock a contradicts");
    assertThat(failure(client.acquire("b", 2)))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("lock a contradicts");
    world.advance(10_000);
    assertThat(world.time.pending()).isZero();
  }

  @Test
  void holderLearnsThatItWasForcedToRelease() {
    Client holder = world.client();
    long id = ((Reply.Granted) now(holder.acquire("a", 1))).id();
    StoreEngine operator = world.engine();

    assertThat(now(operator.forceRelease("a", holder.request(1), id + 1))).isFalse();
    assertThat(now(operator.forceRelease("a", holder.request(1), id))).isTrue();
    world.advance(0);

    assertThat(holder.heard()).containsExactly(new Event.Ended(holder.request(1)));
    assertThat(holder.expired).isZero();
    assertThat(holder.session.interest()).isZero();
    assertThat(now(operator.forceRelease("a", holder.request(1), id))).isFalse();
  }

  @Test
  void forcedReleaseThatWentUnansweredIsTold() {
    Client holder = world.client();
    long id = ((Reply.Granted) now(holder.acquire("a", 1))).id();
    store.script("compareAndSet", OUTRUN, UNANSWERED);

    assertThat(now(world.engine().forceRelease("a", holder.request(1), id))).isTrue();
    assertThat(store.names()).isEmpty();
  }

  @Test
  void tryIsRejectedAlthoughTheAnswerGotLost() {
    Client holder = world.client();
    Client trier = world.client();
    store.faults(new Deaf());
    now(holder.acquire("a", 1));
    now(trier.acquire("a", 1, Patience.TRY));
    now(holder.session.submit("a", new Command.Decline(holder.request(1))));

    world.advance(1_000);

    assertThat(trier.heard())
        .containsExactly(new Event.Rejected(trier.request(1), Reply.Reason.BUSY));
  }

  @Test
  void failedLookIsMadeGoodForByTheNext() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    world.advance(0);
    store.script("read", REFUSED, LOST);
    now(holder.release("a", 1));

    world.advance(2_000);

    assertThat(waiter.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }
}
