package io.holdfast.engine;

import static io.holdfast.engine.FaultyRecordStore.Fate.REFUSED;
import static io.holdfast.engine.FaultyRecordStore.Fate.SLOW;
import static io.holdfast.engine.StoreWorld.failure;
import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.FaultyRecordStore.Fate;
import io.holdfast.engine.StoreWorld.Client;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** How sessions of a store engine end. */
class StoreSessionTest {

  private final StoreWorld world = new StoreWorld();
  private final FaultyRecordStore store = world.store;

  @Test
  void closeReleasesEverythingAtOnce() {
    Client leaver = world.client();
    Client stayer = world.client();
    for (int i = 1; i <= 200; i++) {
      now(leaver.acquire("a/" + i, i));
      now(stayer.acquire("a/" + i, i));
    }
    now(stayer.acquire("b", 999));
    now(leaver.acquire("b", 999));
    store.roundTrip(Duration.ofMillis(1));

    CompletionStage<Void> closed = leaver.session.close();
    world.advance(10);

    assertThat(closed.toCompletableFuture()).isCompleted();
    assertThat(leaver.session.close()).isSameAs(closed);
    assertThat(stayer.heard().stream().filter(Event.Granted.class::isInstance)).hasSize(200);
    assertThat(store.record("b").queue()).isEmpty();
    assertThat(leaver.expired).as("it knows").isZero();
    assertThat(failure(leaver.acquire("c", 1_000))).isInstanceOf(SessionEndedException.class);
    assertThat(failure(leaver.session.renew())).isInstanceOf(SessionEndedException.class);
    assertThat(leaver.session.interest()).isZero();
  }

  @Test
  void closeFailsWhatHasNotBegunAndEndsWhatHas() {
    store.roundTrip(Duration.ofMillis(10));
    Client client = world.client();
    CompletionStage<Reply> begun = client.acquire("a", 1);
    CompletionStage<Reply> pending = client.acquire("a", 2);

    CompletionStage<Void> closed = client.session.close();
    assertThat(failure(pending)).isInstanceOf(SessionEndedException.class);
    world.advance(100);

    assertThat(now(begun)).isInstanceOf(Reply.Granted.class);
    assertThat(closed.toCompletableFuture()).isCompleted();
    assertThat(store.names()).isEmpty();
  }

  @Test
  void sessionSpeaksForItselfOnly() {
    Client client = world.client();
    RequestId foreign = new RequestId(client.session.id() + 1, 1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> client.session.submit("a", new Command.Release(foreign)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> client.session.submit("a", new Command.Expire(client.session.id())));
    assertThatIllegalArgumentException().isThrownBy(() -> client.release("", 1));
  }

  @Test
  void closedEngineSaysSo() {
    Client client = world.client();
    Client waiter = world.client();
    now(client.acquire("a", 1));
    client.engine.close();
    client.engine.close();

    assertThat(failure(client.release("a", 1))).hasMessageContaining("closed");
    assertThat(failure(client.engine.openSession(StoreWorld.TERMS, client)))
        .hasMessageContaining("closed");
    assertThat(now(waiter.acquire("a", 1))).isInstanceOf(Reply.Granted.class);
  }

  @Test
  void closeDoesNotWaitForAHangingStore() {
    Client client = world.client();
    Client contender = world.client();
    now(client.acquire("a", 1));
    store.faults(
        new FaultyRecordStore.Faults() {
          @Override
          public Fate next(String call) {
            return call.equals("compareAndSet") ? SLOW : Fate.WELL;
          }

          @Override
          public Duration delay() {
            return Duration.ofHours(1);
          }
        });

    CompletionStage<Void> closed = client.session.close();
    world.advance(1_000);

    assertThat(closed.toCompletableFuture()).isCompleted();
    store.noFaults();
    assertThat(now(contender.acquire("a", 1))).isInstanceOf(Reply.Granted.class);
  }

  @Test
  void renewalTellsThatTheSessionHasEnded() {
    Client client = world.client();
    now(client.session.renew());
    now(client.acquire("a", 1));
    store.kill(client.session.id());

    assertThat(failure(client.session.renew())).isInstanceOf(SessionEndedException.class);
    assertThat(failure(client.session.renew())).isInstanceOf(SessionEndedException.class);
    assertThat(failure(client.release("a", 1))).isInstanceOf(SessionEndedException.class);
    now(client.session.close());

    assertThat(client.expired).isEqualTo(1);
    assertThat(client.session.interest()).isZero();
  }

  @Test
  void endOfASessionIsToldOnce() {
    Client client = world.client();
    store.kill(client.session.id());
    store.roundTrip(Duration.ofMillis(10));
    CompletionStage<Void> one = client.session.renew();
    CompletionStage<Void> two = client.session.renew();

    world.advance(10);

    assertThat(failure(one)).isInstanceOf(SessionEndedException.class);
    assertThat(failure(two)).isInstanceOf(SessionEndedException.class);
    assertThat(client.expired).isEqualTo(1);
  }

  @Test
  void failedRenewalLosesNothing() {
    Client client = world.client();
    store.script("renewSession", REFUSED);

    assertThat(failure(client.session.renew())).isInstanceOf(EngineUnavailableException.class);
    now(client.session.renew());
    assertThat(client.expired).isZero();
  }

  @Test
  void S10_waiterLearnsThatItsSessionHasExpired() {
    Client holder = world.client();
    Client waiter = world.client();
    now(holder.acquire("a", 1));
    now(waiter.acquire("a", 1));
    store.roundTrip(Duration.ofMillis(50));
    CompletionStage<Reply> running = waiter.acquire("b", 2);
    store.kill(waiter.session.id());

    world.advance(1_000);

    assertThat(waiter.expired).isEqualTo(1);
    assertThat(now(running)).isInstanceOf(Reply.Granted.class);
    assertThat(failure(waiter.acquire("c", 3))).isInstanceOf(SessionEndedException.class);
    world.advance(60_000);
    assertThat(world.time.pending()).isZero();
  }
}
