package io.holdfast.engine;

import static io.holdfast.engine.StoreWorld.now;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.FaultyRecordStore.Fate;
import io.holdfast.rules.Command;
import io.holdfast.rules.Command.Patience;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * Three processes over one faulty store, with users who acquire, hold, release, decline and give up
 * at random, and processes that die. Never do two users believe that they hold a lock that is
 * exclusive; tokens grow; and in the end everybody is served and nothing is left.
 */
class StoreEngineScheduleTest {

  @Property(tries = 100)
  void nobodyEverHoldsWhatAnotherHoldsAndNothingIsLeft(@ForAll long seed) {
    new Run(seed, 0.04, true).check();
  }

  @Property(tries = 30)
  void wellBehavedStore(@ForAll long seed) {
    new Run(seed, 0, false).check();
  }

  private static final class Run implements FaultyRecordStore.Faults {

    private static final int ROUNDS = 12;
    private static final Fate[] FATES = Fate.values();
    private static final List<String> NAMES = List.of("mutex", "catalog", "slots");

    private final Random random;
    private final double faultRate;
    private final boolean deaths;
    private final StoreWorld world;
    private final List<Process> processes = new ArrayList<>();
    private final List<User> users = new ArrayList<>();
    private final Map<String, List<User>> believers = new HashMap<>();
    private final List<String> violations = new ArrayList<>();
    private final Map<String, Long> lastExclusive = new HashMap<>();
    private final Map<String, Long> lastOfAll = new HashMap<>();

    Run(long seed, double faultRate, boolean deaths) {
      this.random = new Random(seed);
      this.faultRate = faultRate;
      this.deaths = deaths;
      this.world = new StoreWorld(seed);
      world.store.roundTrip(Duration.ofMillis(random.nextInt(20)));
      world.store.faults(this);
    }

    @Override
    public Fate next(String call) {
      return random.nextDouble() < faultRate ? FATES[random.nextInt(FATES.length)] : Fate.WELL;
    }

    @Override
    public int wakes() {
      return faultRate == 0 ? 1 : random.nextInt(3);
    }

    @Override
    public Duration delay() {
      return Duration.ofMillis(random.nextInt(4_000));
    }

    void check() {
      for (int i = 0; i < 3; i++) {
        Process process = new Process(world.engine());
        processes.add(process);
        for (int user = 0; user < 3; user++) {
          users.add(new User(process, NAMES.get((i + user) % NAMES.size())));
        }
      }
      users.forEach(user -> user.later(user::begin));
      for (int second = 0; second < 20; second++) {
        world.advance(1_000);
        if (deaths && random.nextInt(8) == 0) {
          processes.get(random.nextInt(3)).die();
        }
      }
      world.store.noFaults();
      // The renewals after their deaths may have failed.
      processes.forEach(process -> process.past.forEach(StoreSession::renew));
      world.advance(120_000);
      quiet();
    }

    private void quiet() {
      assertThat(violations).isEmpty();
      assertThat(users).allMatch(user -> user.rounds == ROUNDS, "every user is served");
      assertThat(believers.values()).allMatch(List::isEmpty);
      assertThat(now(pass(processes.get(0).engine))).isEmpty();
      assertThat(world.store.names()).isEmpty();
      for (Process process : processes) {
        assertThat(process.session.interest()).isZero();
        assertThat(process.past).allMatch(dead -> dead.interest() == 0);
        assertThat(process.expired).isLessThanOrEqualTo(process.past.size());
        assertThat(process.engine.pollers()).hasValue(0);
        assertThat(process.engine.stopped()).isNull();
      }
      assertThat(world.time.pending()).isZero();
    }

    /** A listing drops the dead from the records that nobody wanted since. */
    private CompletionStage<List<LockView>> pass(StoreEngine engine) {
      CompletionStage<List<LockView>> page = engine.list("", "", 100);
      world.advance(1_000);
      return page;
    }

    private void believe(User user, long id) {
      List<User> holding = believers.computeIfAbsent(user.name, name -> new ArrayList<>());
      boolean exclusive = user.mode.equals(Mode.EXCLUSIVE);
      int permits = user.mode.permits();
      for (User other : holding) {
        boolean compatible = !exclusive && !other.mode.equals(Mode.EXCLUSIVE);
        expect(compatible, user + " holds beside " + other);
        permits += other.mode.permits();
      }
      expect(permits <= 2, "too many permits with " + user);
      if (user.mode.type() != Mode.Type.PERMITS) {
        long bound = (exclusive ? lastOfAll : lastExclusive).getOrDefault(user.name, 0L);
        expect(id > bound, "id " + id + " of " + user + " is not above " + bound);
        lastOfAll.merge(user.name, id, Math::max);
        if (exclusive) {
          lastExclusive.put(user.name, id);
        }
      }
      holding.add(user);
    }

    /** Kept for the end, because a stage swallows what its dependants throw. */
    private void expect(boolean condition, String otherwise) {
      if (!condition) {
        violations.add(otherwise);
      }
    }

    /** One process: an engine, and a session that is replaced when it has died. */
    private final class Process {
      private final StoreEngine engine;
      private final List<StoreSession> past = new ArrayList<>();
      private StoreSession session;
      private long requests;
      private int expired;

      Process(StoreEngine engine) {
        this.engine = engine;
        this.session = open();
      }

      private StoreSession open() {
        SessionListener listener =
            new SessionListener() {
              @Override
              public void onEvent(String name, Event event) {
                users.forEach(user -> user.hear(event));
              }

              @Override
              public void onExpired() {
                expired++;
              }
            };
        return (StoreSession) now(engine.openSession(StoreWorld.TERMS, listener));
      }

      /** The users are told first, as a node does whose lease has run out. */
      void die() {
        StoreSession dead = session;
        past.add(dead);
        session = open();
        users.stream().filter(user -> user.process == this).forEach(User::orphan);
        world.store.kill(dead.id());
        world.time.environment().scheduler().schedule(dead::renew, Duration.ofMillis(800));
      }
    }

    /** Somebody who takes one lock, round after round. */
    private final class User {
      private final Process process;
      private final String name;
      private final LockKind kind;
      private Mode mode = Mode.EXCLUSIVE;
      private RequestId request = new RequestId(1, Long.MAX_VALUE);
      private boolean wants;
      private boolean holds;
      private int rounds;

      User(Process process, String name) {
        this.process = process;
        this.name = name;
        this.kind =
            switch (name) {
              case "mutex" -> LockKind.MUTEX;
              case "catalog" -> LockKind.READ_WRITE;
              default -> LockKind.semaphore(2);
            };
      }

      void begin() {
        request = new RequestId(process.session.id(), ++process.requests);
        wants = true;
        mode =
            switch (kind.type()) {
              case MUTEX -> Mode.EXCLUSIVE;
              case READ_WRITE -> random.nextInt(3) == 0 ? Mode.EXCLUSIVE : Mode.SHARED;
              case SEMAPHORE -> Mode.permits(1 + random.nextInt(2));
            };
        Patience patience = random.nextInt(3) == 0 ? Patience.TRY : Patience.QUEUE;
        send(new Command.Acquire(request, kind, mode, "user", true, patience), request);
        if (random.nextInt(3) == 0) {
          RequestId own = request;
          after(random.nextInt(400), () -> giveUp(own));
        }
      }

      private void giveUp(RequestId own) {
        if (wants && !holds && request.equals(own)) {
          wants = false;
          send(new Command.Cancel(request), request);
        }
      }

      /** Sends a command again and again until it is answered, as a node does. */
      private void send(Command command, RequestId own) {
        process
            .session
            .submit(name, command)
            .whenComplete(
                (reply, failure) -> {
                  if (!request.equals(own) || (command instanceof Command.Acquire && !wants)) {
                    return;
                  }
                  if (failure == null) {
                    answer(command, reply);
                  } else if (!(Calls.cause(failure) instanceof SessionEndedException)) {
                    after(
                        100,
                        () -> {
                          if (request.equals(own)
                              && (!(command instanceof Command.Acquire) || wants)) {
                            send(command, own);
                          }
                        });
                  }
                });
      }

      private void answer(Command command, Reply reply) {
        if (reply instanceof Reply.Granted granted) {
          hold(granted.id());
        } else if (reply instanceof Reply.Rejected) {
          expect(command instanceof Command.Acquire, command + " answered by " + reply);
          end();
        } else if (!(reply instanceof Reply.Queued) && !(command instanceof Command.Decline)) {
          end();
        }
      }

      void hear(Event event) {
        if (!event.request().equals(request) || !wants) {
          return;
        }
        if (event instanceof Event.Granted granted) {
          hold(granted.id());
        } else if (event instanceof Event.Revoke revoke) {
          if (holds && revoke.tryOnly() && random.nextBoolean()) {
            send(new Command.Decline(request), request);
          }
        } else {
          expect(!holds && event instanceof Event.Rejected, this + " heard " + event);
          end();
        }
      }

      private void hold(long id) {
        if (holds) {
          return;
        }
        holds = true;
        believe(this, id);
        RequestId own = request;
        after(
            random.nextInt(300),
            () -> {
              if (holds && request.equals(own)) {
                letGo();
                wants = false;
                send(new Command.Release(own), own);
              }
            });
      }

      private void letGo() {
        if (holds) {
          holds = false;
          believers.get(name).remove(this);
        }
      }

      private void end() {
        wants = false;
        request = new RequestId(1, Long.MAX_VALUE);
        if (++rounds < ROUNDS) {
          later(this::begin);
        }
      }

      /** Its process has died; another one takes over. */
      void orphan() {
        letGo();
        if (request.number() != Long.MAX_VALUE) {
          end();
        }
      }

      void later(Runnable work) {
        after(random.nextInt(200), work);
      }

      private void after(int millis, Runnable work) {
        world.time.environment().scheduler().schedule(work, Duration.ofMillis(millis));
      }

      @Override
      public String toString() {
        return request + " (" + mode + " of " + name + ")";
      }
    }
  }
}
