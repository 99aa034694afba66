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
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** How the sessions of a store engine hear of each other, and what they do where they do not. */
class StoreEngineWakeUpTest {

  private final StoreWorld world = new StoreWorld();
  private final FaultyRecordStore store = world.store;

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
}
