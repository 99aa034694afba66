package io.holdfast.engine;

import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.StoreWorld.Client;
import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** What a store engine does when the store does its part. */
class StoreEngineTest {

  private final StoreWorld world = new StoreWorld();
  private final FaultyRecordStore store = world.store;

  @Test
  void uncontendedAcquireIsOneWriteAndReleaseIsAnother() {
    Client client = world.client();

    assertThat(now(client.acquire("a", 1))).isEqualTo(new Reply.Granted(1));
    assertThat(store.calls()).containsExactly("compareAndSet");

    assertThat(now(client.release("a", 1))).isEqualTo(new Reply.Done());
    assertThat(store.calls()).containsExactly("compareAndSet");
    assertThat(store.names()).isEmpty();
  }

  @Test
  void idsGrowAlthoughTheRecordIsDeleted() {
    Client client = world.client();
    long last = 0;
    for (int i = 1; i <= 100; i++) {
      long id = ((Reply.Granted) now(client.acquire("a", i))).id();
      assertThat(id).isGreaterThan(last);
      last = id;
      now(client.release("a", i));
    }
  }

  @Test
  void contenderChecksTheHolderBeforeItQueues() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    store.calls();

    assertThat(now(waiter.acquire("a", 1))).isEqualTo(new Reply.Queued(0));

    assertThat(store.calls()).containsExactly("compareAndSet", "findDead", "compareAndSet");
  }

  @Test
  void whoQueuesBelievesThatThoseLiveWhoDidAMomentAgo() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    now(waiter.cancel("a", 1));
    store.calls();

    assertThat(now(waiter.acquire("a", 2))).isEqualTo(new Reply.Queued(0));
    assertThat(store.calls()).containsExactly("compareAndSet", "compareAndSet");
    now(waiter.cancel("a", 2));

    world.advance(Sightings.MOMENT.toMillis());
    store.calls();
    assertThat(now(waiter.acquire("a", 3))).isEqualTo(new Reply.Queued(0));
    assertThat(store.calls()).containsExactly("compareAndSet", "findDead", "compareAndSet");
  }

  @Test
  void whoIsTurnedAwayBelievesNothing() {
    Client holder = world.client();
    Client other = world.client();
    now(holder.acquire("a", 1, LockKind.READ_WRITE, Mode.EXCLUSIVE));
    now(other.acquire("a", 1, LockKind.READ_WRITE, Mode.EXCLUSIVE));
    now(other.cancel("a", 1));
    store.calls();

    assertThat(now(other.acquire("a", 2))).isInstanceOf(Reply.Rejected.class);

    assertThat(store.calls()).contains("findDead");
  }

  @Test
  void holderThatDiedAfterItWasSeenIsFoundByTheFirstLook() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    now(waiter.cancel("a", 1));
    store.kill(holder.session.id());

    assertThat(now(waiter.acquire("a", 2))).isEqualTo(new Reply.Queued(0));
    world.advance(500);

    assertThat(waiter.heard()).hasAtLeastOneElementOfType(Event.Granted.class);
  }

  @Test
  void repeatedCommandsRepeatTheirAnswer() {
    Client client = world.client();
    Reply granted = now(client.acquire("a", 1));

    assertThat(now(client.acquire("a", 1))).isEqualTo(granted);
    assertThat(now(client.release("a", 1))).isEqualTo(new Reply.Done());
    store.calls();
    assertThat(now(client.release("a", 1))).isEqualTo(new Reply.Done());
    assertThat(store.calls()).as("a belief alone proves nothing").containsExactly("read");
  }

  @Test
  void answerThatRestsOnAStaleBeliefIsNotGiven() {
    Client reader = world.client();
    Client other = world.client();
    now(reader.acquire("a", 1, LockKind.READ_WRITE, Mode.SHARED));
    now(other.acquire("a", 1, LockKind.READ_WRITE, Mode.SHARED));
    now(other.release("a", 1));
    // The belief is one write behind, and would call an upgrade refused after the next line.
    now(other.acquire("a", 2, LockKind.READ_WRITE, Mode.SHARED));
    now(reader.session.submit("a", new Command.Upgrade(reader.request(1))));
    now(other.release("a", 2));

    assertThat(now(reader.session.submit("a", new Command.Upgrade(reader.request(1)))))
        .isInstanceOf(Reply.Granted.class);
  }

  @Test
  void holderIsAskedAndWaiterIsGrantedByWakeUps() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 7));
    world.advance(0);
    assertThat(holder.heard()).containsExactly(new Event.Revoke(holder.request(1), false));
    store.calls();

    now(holder.release("a", 1));
    world.advance(0);

    long id = store.record("a").grants().get(0).id();
    assertThat(waiter.heard()).containsExactly(new Event.Granted(waiter.request(7), id));
    assertThat(store.calls()).as("one write, one look").containsExactly("compareAndSet", "read");
    assertThat(holder.heard()).isEmpty();
  }

  @Test
  void declineRejectsThoseWhoOnlyTry() {
    Client holder = world.client();
    Client trier = world.client();
    now(holder.acquire("a", 1));
    now(trier.acquire("a", 1, Patience.TRY));
    world.advance(0);
    assertThat(holder.heard()).containsExactly(new Event.Revoke(holder.request(1), true));

    now(holder.session.submit("a", new Command.Decline(holder.request(1))));
    world.advance(0);

    assertThat(trier.heard())
        .containsExactly(new Event.Rejected(trier.request(1), Reply.Reason.BUSY));
    assertThat(trier.session.interest()).isZero();
  }

  @Test
  void everyReaderInTheWayOfAWriterIsAsked() {
    Client one = world.client();
    Client two = world.client();
    Client writer = world.client();
    now(one.acquire("a", 1, LockKind.READ_WRITE, Mode.SHARED));
    now(two.acquire("a", 1, LockKind.READ_WRITE, Mode.SHARED));
    now(writer.acquire("a", 1, LockKind.READ_WRITE, Mode.EXCLUSIVE));
    world.advance(0);

    assertThat(one.heard()).containsExactly(new Event.Revoke(one.request(1), false));
    assertThat(two.heard()).containsExactly(new Event.Revoke(two.request(1), false));
  }

  @Test
  void sessionsOfOneEngineWakeEachOtherWithoutTheStore() {
    StoreEngine engine = world.engine();
    Client holder = world.client(engine);
    Client waiter = world.client(engine);
    store.faults(new Deaf());

    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    assertThat(holder.heard()).containsExactly(new Event.Revoke(holder.request(1), false));
    now(holder.release("a", 1));

    assertThat(waiter.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }

  @Test
  void sessionHearsOfItsOwnRequestsToo() {
    Client client = world.client();
    now(client.acquire("a", 1));
    now(client.acquire("a", 2));
    assertThat(client.heard()).containsExactly(new Event.Revoke(client.request(1), false));

    now(client.release("a", 1));

    assertThat(client.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }

  @Test
  void S07_handOffNeedsNoWakeUp() {
    for (int seed = 1; seed <= 50; seed++) {
      StoreWorld deaf = new StoreWorld(seed);
      deaf.store.faults(new Deaf());
      Client holder = deaf.client();
      Client waiter = deaf.client();
      now(holder.acquire("a", 1));
      now(waiter.acquire("a", 1));
      deaf.advance(seed * 300L);
      now(holder.release("a", 1));

      deaf.advance(1_000);

      assertThat(waiter.heard()).as("seed %d", seed).hasSize(1);
    }
  }

  @Test
  void S07_holderIsAskedAgainWhenTheFirstWakeUpIsLost() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    store.faults(new Deaf());
    now(waiter.acquire("a", 1));
    store.noFaults();
    world.advance(0);
    assertThat(holder.heard()).isEmpty();

    world.advance(1_000);

    assertThat(holder.heard()).contains(new Event.Revoke(holder.request(1), false));
  }

  @Test
  void waitingIsCheap() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    world.advance(10_000);
    store.calls();

    world.advance(60_000);

    List<String> calls = store.calls();
    assertThat(Collections.frequency(calls, "read")).isBetween(100, 180);
    assertThat(Collections.frequency(calls, "wake")).isBetween(20, 61);
    assertThat(calls).doesNotContain("compareAndSet");
  }

  @Test
  void wakeUpsThatComeTogetherLeadToOneMoreLook() {
    Client client = world.client();
    now(client.acquire("a", 1));
    store.roundTrip(Duration.ofMillis(10));
    store.calls();
    for (int i = 0; i < 1_000; i++) {
      client.session.wake("a");
    }
    world.advance(100);

    assertThat(store.calls()).containsExactly("read", "read");
  }

  @Test
  void commandsAboutOneNameRunInOrderAndNamesDoNotWaitForEachOther() {
    store.roundTrip(Duration.ofMillis(10));
    Client client = world.client();
    List<CompletionStage<Reply>> replies = new ArrayList<>();
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int place = i;
      CompletionStage<Reply> reply =
          i % 2 == 0 ? client.acquire("a", 1 + i / 2) : client.release("a", 1 + i / 2);
      replies.add(reply.whenComplete((answer, failure) -> order.add(place)));
    }
    CompletionStage<Reply> other = client.acquire("b", 99);

    world.advance(10);
    assertThat(now(other)).isInstanceOf(Reply.Granted.class);
    assertThat(order).containsExactly(0);
    world.advance(90);

    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(replies).allSatisfy(reply -> assertThat(now(reply)).isNotNull());
    assertThat(store.names()).containsExactly("b");
  }

  @Test
  void longRunOfCommandsDoesNotGrowTheStack() {
    store.roundTrip(Duration.ofMillis(1));
    Client client = world.client();
    CompletionStage<Reply> first = client.acquire("a", 1);
    CompletionStage<Reply> last = first;
    for (int i = 2; i <= 20_000; i++) {
      last = client.cancel("a", i);
    }
    store.roundTrip(Duration.ZERO);
    world.advance(1);

    assertThat(now(last)).isEqualTo(new Reply.Done());
  }

  @Test
  void listenerMaySubmitAndMayThrow() {
    StoreEngine engine = world.engine();
    List<Event> heard = new ArrayList<>();
    List<EngineSession> self = new ArrayList<>();
    SessionListener listener =
        new SessionListener() {
          @Override
          public void onEvent(String name, Event event) {
            heard.add(event);
            self.get(0).submit(name, new Command.Release(event.request()));
            throw new IllegalStateException("a careless listener");
          }

          @Override
          public void onExpired() {}
        };
    EngineSession holder = now(engine.openSession(StoreWorld.TERMS, listener));
    self.add(holder);
    RequestId request = new RequestId(holder.id(), 1);
    now(holder.submit("a", acquire(request)));
    Client waiter = world.client();

    now(waiter.acquire("a", 1));
    world.advance(0);

    assertThat(heard).containsExactly(new Event.Revoke(request, false));
    assertThat(waiter.heard()).singleElement().isInstanceOf(Event.Granted.class);
  }

  private static Command acquire(RequestId request) {
    return new Command.Acquire(
        request, LockKind.MUTEX, Mode.EXCLUSIVE, "owner", true, Patience.QUEUE);
  }

  @Test
  void S23_nothingIsLeftOfManyNames() {
    Client client = world.client();
    for (int i = 1; i <= 20_000; i++) {
      now(client.acquire("name/" + i, i));
      now(client.release("name/" + i, i));
    }

    assertThat(client.session.interest()).isZero();
    assertThat(world.time.pending()).isZero();
    assertThat(store.names()).isEmpty();
  }

  @Test
  void nothingIsLeftOfWaitersThatGaveUp() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    now(waiter.acquire("a", 2, Patience.TRY));
    world.advance(3_000);
    now(waiter.cancel("a", 1));
    now(holder.release("a", 1));
    world.advance(3_000);

    assertThat(waiter.session.interest()).isZero();
    assertThat(holder.session.interest()).isZero();
    assertThat(waiter.engine.pollers()).hasValue(0);
    assertThat(world.time.pending()).isZero();
  }

  @Test
  void S05_cancelEndsTheGrantThatCameFirst() {
    Client holder = world.client();
    Client waiter = world.client();
    Client next = world.client();
    store.faults(new Deaf());
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    now(next.acquire("a", 1));
    now(holder.release("a", 1));
    store.noFaults();

    now(waiter.cancel("a", 1));
    world.advance(0);

    assertThat(next.heard()).singleElement().isInstanceOf(Event.Granted.class);
    assertThat(waiter.session.interest()).isZero();
  }

  /** Every wake-up is lost. */
  static final class Deaf implements FaultyRecordStore.Faults {
    @Override
    public FaultyRecordStore.Fate next(String call) {
      return FaultyRecordStore.Fate.WELL;
    }

    @Override
    public int wakes() {
      return 0;
    }
  }
}
