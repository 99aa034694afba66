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
    for (int i = 2; i <= 10_000; i++) {
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
    for (int i = 1; i <= 10_000; i++) {
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
}
