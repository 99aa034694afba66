package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Reply;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EmbeddedEngineTest extends EmbeddedFixture {

  @Test
  void aLockIsHandedOver() {
    EmbeddedEngine engine = open();
    Client one = new Client(engine);
    Client two = new Client(engine);
    assertThat(one.acquire("a", 1)).isInstanceOf(Reply.Granted.class);
    assertThat(two.acquire("a", 1)).isEqualTo(new Reply.Queued(0));
    assertThat(one.heard).containsExactly("a Revoke 1");
    assertThat(one.release("a", 1)).isEqualTo(new Reply.Done());
    assertThat(two.heard).containsExactly("a Granted 1");
  }

  @Test
  void enginesOfOneNameAndSpaceShareTheirLocks() {
    Client one = new Client(open());
    Client same = new Client(open());
    Client elsewhere = new Client(keep(EmbeddedEngine.open(name, "other", time.environment())));
    Client other = new Client(keep(EmbeddedEngine.open("x" + name, "s", time.environment())));
    one.acquire("a", 1);
    assertThat(same.acquire("a", 1)).isEqualTo(new Reply.Queued(0));
    assertThat(elsewhere.acquire("a", 1)).isInstanceOf(Reply.Granted.class);
    assertThat(other.acquire("a", 1)).isInstanceOf(Reply.Granted.class);
  }

  @Test
  void aClosedEngineEndsItsSessionsOnly() {
    EmbeddedEngine leaving = open();
    Client one = new Client(leaving);
    Client two = new Client(open());
    one.acquire("a", 1);
    two.acquire("a", 1);
    two.acquire("b", 2);
    leaving.close();
    leaving.close();
    assertThat(two.heard).containsExactly("a Granted 1");
    assertThat(one.heard).containsExactly("a Revoke 1");
    assertEnded(one);
    assertThatThrownBy(() -> new Client(leaving))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("open a new one");
    assertThatThrownBy(() -> now(leaving.read("a"))).isInstanceOf(EngineUnavailableException.class);
  }

  @Test
  void aSpaceThatNobodyHasOpenIsForgottenButIdsGrow() {
    EmbeddedEngine first = open();
    Client before = new Client(first);
    long id = granted(before.acquire("a", 1));
    first.close();
    assertThat(time.pending()).isZero();

    time.advance(Duration.ofMillis(1));
    Client after = new Client(open());
    assertThat(granted(after.acquire("a", 1))).isGreaterThan(id);
  }

  @Test
  void tokensFitALongForTwoCenturies() {
    time.jumpWallClock(Duration.ofDays(365 * 200));
    long id = granted(new Client(open()).acquire("a", 1));
    assertThat(Math.multiplyExact(id, 4_096L)).isPositive();
  }

  @Test
  void aClosedSessionHandsItsLocksOn() {
    EmbeddedEngine engine = open();
    Client one = new Client(engine);
    Client two = new Client(engine);
    one.acquire("a", 1);
    two.acquire("a", 1);
    now(one.session.close());
    now(one.session.close());
    assertThat(two.heard).containsExactly("a Granted 1");
    assertEnded(one);
    time.advance(Duration.ofMinutes(1));
    assertThat(one.heard).as("closed by choice, not expired").containsExactly("a Revoke 1");
  }

  @Test
  void aSessionSpeaksForItselfOnly() {
    EmbeddedEngine engine = open();
    Client one = new Client(engine);
    Client two = new Client(engine);
    one.acquire("a", 1);
    assertThatThrownBy(() -> now(two.session.submit("a", new Command.Release(one.request(1)))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLockCanBeLookedAt() {
    EmbeddedEngine engine = open();
    Client client = new Client(engine);
    client.acquire("a/1", 1);
    client.acquire("a/2", 2);
    client.acquire("b", 3);
    LockView view = now(engine.read("a/1")).orElseThrow();
    assertThat(view.name()).isEqualTo("a/1");
    assertThat(view.sessions()).containsOnly(Map.entry(client.session.id(), TERMS));
    assertThat(view.record().grants()).hasSize(1);
    assertThat(now(engine.read("c"))).isEmpty();
    assertThat(now(engine.list("a/", "", 10)))
        .extracting(LockView::name)
        .containsExactly("a/1", "a/2");
    assertThat(now(engine.list("", "a/1", 1))).extracting(LockView::name).containsExactly("a/2");
    assertThatThrownBy(() -> now(engine.list("", "", 1_001)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void whoLooksSeesNoDeadHolders() {
    EmbeddedEngine engine = open();
    Client client = new Client(engine);
    client.acquire("a", 1);
    time.advance(Duration.ofSeconds(10));
    assertThat(now(engine.read("a"))).isPresent();
    time.pause(Duration.ofMillis(10));
    assertThat(now(engine.read("a"))).isEmpty();
    assertThat(client.heard).containsExactly("expired");
  }

  @Test
  void anOperatorEndsTheGrantThatHeSaw() {
    EmbeddedEngine engine = open();
    Client client = new Client(engine);
    long id = granted(client.acquire("a", 1));
    assertThat(now(engine.forceRelease("a", client.request(1), id + 1))).isFalse();
    assertThat(now(engine.forceRelease("a", client.request(1), id))).isTrue();
    assertThat(client.heard).containsExactly("a Ended 1");
    assertThat(now(engine.forceRelease("a", client.request(1), id))).isFalse();
  }

  @Test
  void aListenerMayActAtOnceAndTheStackDoesNotGrow() {
    EmbeddedEngine engine = open();
    AtomicInteger turns = new AtomicInteger();
    AtomicInteger deepest = new AtomicInteger();
    int rounds = 2_000;
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      clients.add(
          new Client(engine) {
            private long number = 1;
            private int depth;

            @Override
            public void onEvent(String lock, Event event) {
              depth++;
              deepest.accumulateAndGet(depth, Math::max);
              if (event instanceof Event.Granted && turns.incrementAndGet() < rounds) {
                number++;
                acquire(lock, number);
                release(lock, number - 1);
              }
              depth--;
            }
          });
    }
    clients.get(0).acquire("a", 1);
    clients.get(1).acquire("a", 1);
    clients.get(2).acquire("a", 1);
    clients.get(0).release("a", 1);
    time.runDue();
    assertThat(turns.get()).isGreaterThanOrEqualTo(rounds);
    assertThat(deepest.get()).isEqualTo(1);
  }

  @Test
  void threadsCompeteInOrder() throws Exception {
    EmbeddedEngine engine = open();
    int threads = 4;
    int turns = 500;
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger total = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        all.add(pool.submit(() -> compete(engine, turns, inside, total)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(total.get()).isEqualTo(threads * turns);
    assertThat(now(engine.read("a"))).isEmpty();
  }

  private static void compete(
      EmbeddedEngine engine, int turns, AtomicInteger inside, AtomicInteger total) {
    List<CountDownLatch> granted = new ArrayList<>();
    for (int i = 0; i <= turns; i++) {
      granted.add(new CountDownLatch(1));
    }
    Client client =
        new Client(engine) {
          @Override
          public void onEvent(String lock, Event event) {
            if (event instanceof Event.Granted) {
              granted.get((int) event.request().number()).countDown();
            }
          }
        };
    for (int turn = 1; turn <= turns; turn++) {
      if (client.acquire("a", turn) instanceof Reply.Queued) {
        await(granted.get(turn));
      }
      assertThat(inside.incrementAndGet()).isEqualTo(1);
      total.incrementAndGet();
      inside.decrementAndGet();
      client.release("a", turn);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException interrupted) {
      throw new IllegalStateException(interrupted);
    }
  }

  @Test
  void theProviderIsFoundAndOpensByName() {
    EngineProvider provider =
        ServiceLoader.load(EngineProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.schemes().contains("memory"))
            .findFirst()
            .orElseThrow();
    try (Engine one = provider.open(URI.create("memory:" + name), "s", time.environment());
        Engine plain = provider.open(URI.create("memory:///"), "s", time.environment())) {
      new Client(open()).acquire("a", 1);
      assertThat(now(one.read("a"))).map(LockView::record).map(LockRecord::kind).isPresent();
      assertThat(now(plain.read("a"))).isEmpty();
      assertThat(plain.description().location()).contains("memory:default");
      assertThat(plain.description().guarantees()).isNotEmpty();
    }
    assertThatThrownBy(() -> provider.open(URI.create("memory://host/x"), "s", time.environment()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("memory:test");
  }
}
