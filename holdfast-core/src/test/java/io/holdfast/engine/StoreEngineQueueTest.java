package io.holdfast.engine;

import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.StoreWorld.Client;
import io.holdfast.rules.Event;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Long queues of living and dead: nothing dead stays in the way, and waiting stays cheap. */
class StoreEngineQueueTest {

  /** Longer than any two looks of one waiter are apart. */
  private static final long ONE_LOOK = 1_000;

  private final StoreWorld world = new StoreWorld();

  @Property(tries = 300)
  void S16_nothingDeadStaysWhileSomebodyAliveWaits(@ForAll long seed) {
    new Crowd(seed).check();
  }

  /** Some sessions with a request or two each for one lock, of which some die in silence. */
  private static final class Crowd {

    private final Random random;
    private final StoreWorld world;
    private final LockKind kind;
    private final List<Client> clients = new ArrayList<>();
    private final Map<RequestId, Client> requests = new HashMap<>();
    private final Set<Long> dead = new HashSet<>();

    Crowd(long seed) {
      random = new Random(seed);
      world = new StoreWorld(seed);
      world.store.faults(new Deaf());
      world.store.pollInterval(Duration.ofMillis(random.nextBoolean() ? 100 : 500));
      kind =
          switch (random.nextInt(3)) {
            case 0 -> LockKind.MUTEX;
            case 1 -> LockKind.READ_WRITE;
            default -> LockKind.semaphore(4);
          };
    }

    void check() {
      int size = 2 + random.nextInt(1 + random.nextInt(60));
      for (int i = 0; i < size; i++) {
        clients.add(world.client());
      }
      int arrivals = size + random.nextInt(size);
      for (int i = 1; i <= arrivals; i++) {
        arrive(clients.get(random.nextInt(size)), i);
      }
      double deaths = random.nextBoolean() ? 1.0 / size : random.nextDouble();
      for (Client client : clients) {
        if (random.nextDouble() < deaths) {
          die(client);
        }
      }

      world.advance(ONE_LOOK);
      assertNobodyAliveIsBesideTheDead();
      serveAll();
    }

    private void arrive(Client client, long number) {
      RequestId request = client.request(number);
      requests.put(request, client);
      now(client.acquire("a", number, kind, mode()));
    }

    private Mode mode() {
      return switch (kind.type()) {
        case MUTEX -> Mode.EXCLUSIVE;
        case READ_WRITE -> random.nextInt(3) == 0 ? Mode.EXCLUSIVE : Mode.SHARED;
        case SEMAPHORE -> Mode.permits(1 + random.nextInt(3));
      };
    }

    private void die(Client client) {
      dead.add(client.session.id());
      world.store.kill(client.session.id());
      client.engine.close();
    }

    private void assertNobodyAliveIsBesideTheDead() {
      LockRecord record = world.store.record("a");
      Set<Long> waiting = new HashSet<>();
      record.queue().forEach(waiter -> waiting.add(waiter.request().session()));
      if (!dead.containsAll(waiting)) {
        assertThat(RecordUpdate.sessions(record)).noneMatch(dead::contains);
      }
    }

    /** Whoever is granted releases, without any help of wake-ups, until nobody alive is left. */
    private void serveAll() {
      Set<RequestId> served = new HashSet<>();
      requests.keySet().stream()
          .filter(request -> dead.contains(request.session()))
          .forEach(served::add);
      while (served.size() < requests.size()) {
        int before = served.size();
        for (Grant grant : List.copyOf(world.store.record("a").grants())) {
          RequestId request = grant.request();
          Client holder = requests.get(request);
          if (served.add(request)) {
            now(holder.release("a", request.number()));
          }
        }
        world.advance(ONE_LOOK);
        assertThat(served).as("served").hasSizeGreaterThan(before);
      }
    }
  }

  @Test
  void S24_aWaiterLooksAfterItsNeighboursOnly() {
    int count = 500;
    now(world.client().acquire("a", 1));
    for (int i = 0; i < count; i++) {
      now(world.client().acquire("a", 1));
    }
    world.advance(5_000);
    world.store.calls();
    world.store.lifeChecks();

    world.advance(10_000);

    long looks = Collections.frequency(world.store.calls(), "read");
    assertThat(looks).as("looks in 10 s").isBetween(count * 10L, count * 18L);
    assertThat(world.store.lifeChecks()).as("sessions checked").isLessThan(looks * 4);
  }

  @Test
  void S24_thoseFarBehindLookOnceASecondHoweverShortTheInterval() {
    world.store.pollInterval(Duration.ofMillis(100));
    now(world.client().acquire("a", 1));
    for (int i = 0; i < 500; i++) {
      now(world.client().acquire("a", 1));
    }
    world.advance(5_000);
    world.store.calls();

    world.advance(10_000);

    assertThat(Collections.frequency(world.store.calls(), "read")).isLessThan(500 * 18);
  }

  @Test
  void S24_aCrowdThatArrivesAtOnceIsQueuedSoon() {
    int count = 200;
    now(world.client().acquire("a", 1));
    List<Client> crowd = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      crowd.add(world.client());
    }
    world.store.roundTrip(Duration.ofMillis(1));
    List<CompletionStage<Reply>> replies = new ArrayList<>();
    crowd.forEach(client -> replies.add(client.acquire("a", 1)));
    long millis = 0;
    while (!replies.stream().allMatch(reply -> reply.toCompletableFuture().isDone())) {
      world.advance(10);
      millis += 10;
    }

    assertThat(millis).as("until %d waiters are queued", count).isLessThan(2_000);
  }

  @Test
  void S24_aReleaseWakesOneWaiter() {
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      Client client = world.client();
      now(client.acquire("a", 1));
      clients.add(client);
    }
    world.advance(0);
    clients.forEach(Client::heard);
    for (int i = 0; i < 100; i++) {
      world.store.calls();

      now(clients.get(i).release("a", 1));
      world.advance(0);

      assertThat(world.store.calls()).containsExactly("compareAndSet", "read");
      assertThat(clients.get(i + 1).heard()).first().isInstanceOf(Event.Granted.class);
    }
    assertThat(clients.subList(101, 1_000)).allMatch(client -> client.events.isEmpty());
  }

  @Test
  void S16_aPausedWaiterAtTheFrontDoesNotHideADeadHolderFromReaders() {
    Client holder = world.client();
    Client paused = world.client();
    Client reader = world.client();
    now(holder.acquire("a", 1, LockKind.READ_WRITE, Mode.EXCLUSIVE));
    now(paused.acquire("a", 1, LockKind.READ_WRITE, Mode.EXCLUSIVE));
    now(reader.acquire("a", 1, LockKind.READ_WRITE, Mode.SHARED));
    paused.engine.close();
    world.store.revive(paused.session.id());
    world.store.kill(holder.session.id());

    world.advance(ONE_LOOK);

    assertThat(reader.heard()).first().isInstanceOf(Event.Granted.class);
    List<Waiter> queue = world.store.record("a").queue();
    assertThat(queue).extracting(Waiter::request).containsExactly(paused.request(1));
  }
}
