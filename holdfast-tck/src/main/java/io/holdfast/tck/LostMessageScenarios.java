package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DistributedLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.Owner;
import io.holdfast.tck.CleanUpScenarios.GiveUp;
import io.holdfast.tck.FaultyProxy.Direction;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** S05: requests and replies that are lost or late while somebody gives up. */
interface LostMessageScenarios {

  /** What happens to a request. */
  enum Fate {
    REQUEST_LOST,
    REPLY_LOST,
    CUT,
    DELAYED;

    /** Makes it happen. */
    void befall(FaultyProxy link) {
      switch (this) {
        case REQUEST_LOST -> link.drop(Direction.TO_SERVER);
        case REPLY_LOST -> link.drop(Direction.TO_CLIENT);
        case CUT -> link.refuse();
        case DELAYED -> {
          link.delay(Direction.TO_SERVER, Duration.ofMillis(60));
          link.delay(Direction.TO_CLIENT, Duration.ofMillis(60));
        }
      }
    }
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S05_nothingIsLeftOfARequestThatWasLost(ServerLab lab) throws Exception {
    giveUp(lab, Fate.REQUEST_LOST);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S05_nothingIsLeftOfARequestWhoseReplyWasLost(ServerLab lab) throws Exception {
    giveUp(lab, Fate.REPLY_LOST);
  }

  @Test
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S05_nothingIsLeftOfARequestThatWasCut(ServerLab lab) throws Exception {
    giveUp(lab, Fate.CUT);
  }

  /** The engine's client sees nothing here that it does not see elsewhere. */
  @Test
  @Tag(Layers.NODE)
  @ResourceLock(value = LoadRules.LOAD, mode = ResourceAccessMode.READ)
  default void S05_nothingIsLeftOfARequestThatWasLate(ServerLab lab) throws Exception {
    giveUp(lab, Fate.DELAYED);
  }

  private static void giveUp(ServerLab lab, Fate fate) throws Exception {
    Leaver leaver = new Leaver(lab, fate);
    for (int round = 0; round < lab.size(1, 20); round++) {
      for (GiveUp.Way way : GiveUp.Way.values()) {
        leaver.leave(way, true);
        leaver.leave(way, false);
      }
    }
    lab.say("S05: %s, the next one waited for %d ms at most", fate, leaver.longest.toMillis());
    lab.awaitEmptySpace();
  }

  /** Asks for a lock through a bad link, and gives up; somebody else wants it next. */
  final class Leaver {

    private static final Duration GIVE_UP_WITHIN = Duration.ofMillis(200);

    private final ServerLab lab;
    private final Fate fate;
    private final FaultyProxy link;
    private final Holdfast other;
    private final RandomGenerator random;
    private Holdfast node;
    private Duration longest = Duration.ZERO;

    Leaver(ServerLab lab, Fate fate) {
      this.lab = lab;
      this.fate = fate;
      link = lab.link();
      other = lab.node();
      random = lab.environment().random();
      node = open();
    }

    /** Only one that closes may be cleaned up after by its TTL. */
    private Holdfast open() {
      return lab.node(link, settings -> settings.ttl(Duration.ofMinutes(5)));
    }

    private void leave(GiveUp.Way way, boolean free) throws Exception {
      boolean closes = way == GiveUp.Way.CLOSE;
      Holdfast leaving = closes ? lab.node(link, settings -> settings.ttl(lab.ttl())) : node;
      Hold holder = free ? null : lab.await(other.lock("a").acquireAsync(Owner.of("holder")));
      // What is done for the first time takes its time.
      lab.await(leaving.lock("warm-up").acquireAsync(Owner.of("leaver"))).close();
      fate.befall(link);
      long nanos = 1 + random.nextLong(GIVE_UP_WITHIN.toNanos());
      String what = fate + ", " + way + (free ? ", free" : ", held");

      long begun = lab.nanoTime();
      boolean had = closes ? closeWhileAsking(leaving) : leaveOpen(leaving.lock("a"), way, nanos);
      assertThat(lab.since(begun))
          .as("how long it took to give up; %s", what)
          .isLessThan(limit(closes, nanos));
      assertThat(had && holder != null).as("granted beside the holder; %s", what).isFalse();

      link.heal();
      if (holder != null) {
        holder.close();
      }
      awaitNext(what, closes);
    }

    private Duration limit(boolean closes, long nanos) {
      return closes
          ? Duration.ofSeconds(5).plus(lab.kit().jitter())
          : Duration.ofNanos(nanos).plusMillis(50).plus(lab.kit().jitter());
    }

    /** Gives up; whether it was granted in the end, in which case it released. */
    private boolean leaveOpen(DistributedLock lock, GiveUp.Way way, long nanos) throws Exception {
      if (way != GiveUp.Way.TIMEOUT) {
        return GiveUp.giveUp(lock, way, nanos);
      }
      try {
        Optional<Hold> hold = lock.tryAcquire(Duration.ofNanos(nanos));
        hold.ifPresent(Hold::ensureHeld);
        hold.ifPresent(Hold::close);
        return hold.isPresent();
      } catch (EngineUnavailableException | OutcomeUnknownException told) {
        assertThat(told).hasMessageContaining(";");
        return false;
      }
    }

    private boolean closeWhileAsking(Holdfast leaving) {
      CompletableFuture<Hold> asked =
          leaving.lock("a").acquireAsync(Owner.of("leaver")).toCompletableFuture();
      leaving.close();
      return asked.isDone() && !asked.isCompletedExceptionally() && asked.join().isHeld();
    }

    private void awaitNext(String what, boolean closed) {
      long begun = lab.nanoTime();
      lab.await(other.lock("a").acquireAsync(Owner.of("next"))).close();
      Duration wait = lab.since(begun);
      longest = wait.compareTo(longest) > 0 ? wait : longest;
      // Nobody can tell the engine that a node has been closed while nothing gets through.
      Duration limit = closed ? lab.kit().latestAfterKill(lab.ttl()) : lab.kit().recovery();
      assertThat(wait)
          .as("wait of the next one; %s", what)
          .isLessThan(limit.plus(lab.kit().jitter()));
    }
  }
}
