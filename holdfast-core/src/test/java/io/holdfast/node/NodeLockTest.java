package io.holdfast.node;

import static io.holdfast.node.NodeWorld.owner;
import static io.holdfast.node.NodeWorld.read;
import static io.holdfast.node.NodeWorld.unlock;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockOptions;
import io.holdfast.LockOptions.Retention;
import io.holdfast.Loss;
import io.holdfast.engine.LockView;
import io.holdfast.node.SwitchableEngine.Link;
import io.holdfast.rules.Command;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** The local lock layer, step by step, on one thread. */
class NodeLockTest {

  private final NodeWorld world = new NodeWorld();
  private final NodeWorld.Member a = world.join("a");
  private final NodeWorld.Member b = world.join("b");

  private List<LockView> records() {
    return world.observer().list("", "", 100).toCompletableFuture().join();
  }

  private static boolean unread(LocalLock lock, String owner, long token) {
    return lock.release(owner(owner), Mode.SHARED, token);
  }

  private long commands(NodeWorld.Member member, Class<? extends Command> type) {
    return member.engine.commands.stream().filter(type::isInstance).count();
  }

  @Test
  void aRetainedLockIsTakenAgainWithoutTheEngine() {
    LocalLock lock = a.mutex("lock");
    long last = 0;
    for (int i = 0; i < 1_000; i++) {
      long token = write(lock, "owner").join();
      assertThat(token).isGreaterThan(last);
      last = token;
      unlock(lock, "owner", token);
    }

    assertThat(a.engine.commands).hasSize(1);
  }

  @Test
  void tokensGrowBeyondTheRangeOfOneGrant() {
    LocalLock lock = a.mutex("lock");
    long last = 0;
    for (int i = 0; i < 20_000; i++) {
      long token = write(lock, "owner").join();
      assertThat(token).isGreaterThan(last);
      last = token;
      unlock(lock, "owner", token);
    }

    assertThat(commands(a, Command.Refresh.class)).isBetween(4L, 10L);
    assertThat(commands(a, Command.Acquire.class)).isEqualTo(1);
  }

  @Test
  void anExhaustedRangeWaitsForTheNextIdAndGoesOn() {
    LocalLock lock = a.mutex("lock");
    long last = write(lock, "owner").join();
    unlock(lock, "owner", last);
    a.engine.link = Link.REFUSED;
    int taken = 1;
    CompletableFuture<Long> next = write(lock, "owner");
    while (next.isDone()) {
      last = next.join();
      unlock(lock, "owner", last);
      next = write(lock, "owner");
      taken++;
    }
    assertThat(taken).isEqualTo(4095);

    a.engine.link = Link.UP;
    world.time.advance(Duration.ofSeconds(2));

    assertThat(next).isCompleted();
    assertThat(next.join()).isGreaterThan(last);
  }

  @Test
  void anIdleRetainedLockGoesToTheNodeThatAsks() {
    LocalLock mine = a.mutex("lock");
    long first = write(mine, "owner").join();
    unlock(mine, "owner", first);

    CompletableFuture<Long> other = write(b.mutex("lock"), "owner");

    assertThat(other).isCompleted();
    assertThat(other.join()).isGreaterThan(first);
  }

  @Test
  void S34_aTrySucceedsThoughAnotherNodeRetainsTheIdleLock() {
    LocalLock mine = a.mutex("lock");
    unlock(mine, "owner", write(mine, "owner").join());

    CompletableFuture<Long> tried = b.mutex("lock").tryAcquireAsync(owner("x"), Mode.EXCLUSIVE);

    assertThat(tried.join()).isPositive();
    assertThat(a.engine.commands).hasSize(2);
  }

  @Test
  void aTryFailsAtOnceWhenAnotherNodeUsesTheLock() {
    write(a.mutex("lock"), "owner").join();

    CompletableFuture<Long> tried = b.mutex("lock").tryAcquireAsync(owner("x"), Mode.EXCLUSIVE);

    assertThat(tried.join()).isEqualTo(LocalLock.NOT_GRANTED);
    assertThat(records().get(0).record().queue()).isEmpty();
  }

  @Test
  void aTryThatIsNotAnsweredEndsWithinASecondAndLeavesNothing() {
    LocalLock mine = a.mutex("lock");
    unlock(mine, "owner", write(mine, "owner").join());
    a.engine.eventsLost = true;

    CompletableFuture<Long> tried = b.mutex("lock").tryAcquireAsync(owner("x"), Mode.EXCLUSIVE);
    world.time.advance(Duration.ofMillis(1_000));

    assertThat(tried.join()).isEqualTo(LocalLock.NOT_GRANTED);
    assertThat(records().get(0).record().queue()).isEmpty();
  }

  @Test
  void retentionEndsAfterAWhileWithoutUse() {
    LocalLock lock = a.mutex("lock");
    unlock(lock, "owner", write(lock, "owner").join());
    assertThat(records()).hasSize(1);

    world.time.advance(Duration.ofMillis(900));
    assertThat(records()).hasSize(1);
    world.time.advance(Duration.ofMillis(500));

    assertThat(records()).isEmpty();
    assertThat(a.node.activeLocks()).isZero();
  }

  @Test
  void withoutRetentionEveryReleaseGoesToTheEngine() {
    LocalLock lock = a.mutex("lock", LockOptions.DEFAULT.retention(Retention.OFF));
    unlock(lock, "owner", write(lock, "owner").join());

    assertThat(records()).isEmpty();
    assertThat(a.node.activeLocks()).isZero();
  }

  @Test
  void noMoreLocksAreRetainedThanAllowed() {
    NodeWorld.Member small = world.join("small", 10);
    for (int i = 0; i < 100; i++) {
      LocalLock lock = small.mutex("lock" + i);
      unlock(lock, "owner", write(lock, "owner").join());
    }

    assertThat(records()).hasSizeLessThanOrEqualTo(10);
  }

  @Test
  void retentionStopsWhereNodesTakeTurns() {
    LocalLock mine = a.mutex("lock");
    LocalLock theirs = b.mutex("lock");
    for (int i = 0; i < 20; i++) {
      unlock(mine, "owner", write(mine, "owner").join());
      unlock(theirs, "owner", write(theirs, "owner").join());
    }

    unlock(mine, "owner", write(mine, "owner").join());
    assertThat(commands(a, Command.Release.class)).isGreaterThan(15);
  }

  @Test
  void aRevokedHolderServesItsNodeForATimeSliceAndThenLetsGo() {
    LocalLock mine = a.mutex("lock");
    long held = write(mine, "first").join();
    CompletableFuture<Long> second = write(mine, "second");
    CompletableFuture<Long> third = write(mine, "third");
    CompletableFuture<Long> theirs = write(b.mutex("lock"), "owner");

    unlock(mine, "first", held);
    assertThat(second).as("within the slice").isCompleted();
    assertThat(theirs).isNotDone();
    world.time.advance(Duration.ofMillis(25));
    unlock(mine, "second", second.join());

    assertThat(third).as("after the slice").isNotDone();
    assertThat(theirs).isCompleted();
    b.mutex("lock").release(owner("owner"), Mode.EXCLUSIVE, theirs.join());
    assertThat(third).isCompleted();
    assertThat(third.join()).isGreaterThan(theirs.join());
  }

  @Test
  void oneRequestPerNodeHoweverManyWait() {
    write(b.mutex("lock"), "owner").join();
    LocalLock mine = a.mutex("lock");
    for (int i = 0; i < 500; i++) {
      write(mine, "owner" + i);
    }

    assertThat(commands(a, Command.Acquire.class)).isEqualTo(1);
    assertThat(records().get(0).record().queue()).hasSize(1);
  }

  @Test
  void theLastWaiterThatLeavesWithdrawsTheRequest() {
    write(b.mutex("lock"), "owner").join();
    CompletableFuture<Long> one = write(a.mutex("lock"), "one");
    CompletableFuture<Long> two = write(a.mutex("lock"), "two");

    one.cancel(false);
    assertThat(records().get(0).record().queue()).hasSize(1);
    two.cancel(false);

    assertThat(records().get(0).record().queue()).isEmpty();
    assertThat(a.node.activeLocks()).isZero();
  }

  @Test
  void aGrantThatComesAfterTheLastWaiterLeftIsGivenBack() {
    a.engine.link = Link.REPLY_LOST;
    CompletableFuture<Long> waiting = write(a.mutex("lock"), "owner");
    assertThat(records()).hasSize(1);
    waiting.cancel(false);
    a.engine.link = Link.UP;

    world.time.advance(Duration.ofSeconds(5));

    assertThat(records()).isEmpty();
    assertThat(a.node.activeLocks()).isZero();
  }

  @Test
  void aLostReplyIsAskedForAgainAndHoldsOnce() {
    a.engine.link = Link.REPLY_LOST;
    CompletableFuture<Long> waiting = write(a.mutex("lock"), "owner");
    a.engine.link = Link.UP;

    world.time.advance(Duration.ofSeconds(4));

    assertThat(waiting).isCompleted();
    assertThat(records().get(0).record().grants()).hasSize(1);
  }

  @Test
  void aGrantThatOnlyTheAnswerToARepetitionTellsIsUsed() {
    long held = write(b.mutex("lock"), "owner").join();
    a.engine.link = Link.REPLY_HELD;
    CompletableFuture<Long> waiting = write(a.mutex("lock"), "owner");
    unlock(b.mutex("lock"), "owner", held);
    world.time.advance(Duration.ofSeconds(3));
    a.engine.link = Link.UP;

    a.engine.answerHeld();

    assertThat(waiting).isCompleted();
  }

  @Test
  void aTimeoutSaysWhetherTheEngineOrAnotherHolderWasInTheWay() {
    write(b.mutex("taken"), "owner").join();
    var busy = a.mutex("taken").acquireAsync(owner("x"), Mode.EXCLUSIVE, 50_000_000);
    a.engine.link = Link.HUNG;
    var dead = a.mutex("free").acquireAsync(owner("x"), Mode.EXCLUSIVE, 50_000_000);

    world.time.advance(Duration.ofMillis(50));

    assertThat(busy.join()).isEqualTo(LocalLock.NOT_GRANTED);
    assertThatThrownBy(dead::join)
        .hasCauseInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("nothing is held");
  }

  @Test
  void aHoldThatIsTooLongIsLostAndTheLockMovesOn() {
    LockOptions limited = LockOptions.DEFAULT.maxHold(Duration.ofSeconds(3));
    LocalLock lock = a.mutex("lock", limited);
    List<Loss> losses = new ArrayList<>();
    long token = write(lock, "owner").join();
    lock.onLost(owner("owner"), Mode.EXCLUSIVE, token, losses::add);
    CompletableFuture<Long> next = write(b.mutex("lock"), "owner");

    world.time.advance(Duration.ofMillis(2_999));
    assertThat(losses).isEmpty();
    world.time.advance(Duration.ofMillis(30));

    assertThat(losses).extracting(Loss::cause).containsExactly(Loss.Cause.MAX_HOLD);
    assertThat(next.join()).isGreaterThan(token);
    assertThat(unlock(lock, "owner", token)).isFalse();
  }

  @Test
  void readersOfANodeShareOneGrantAndOneToken() {
    LocalLock mine = a.readWrite("lock");
    LocalLock theirs = b.readWrite("lock");
    long one = read(mine, "one").join();
    long two = read(mine, "two").join();
    long three = read(theirs, "three").join();

    assertThat(two).isEqualTo(one);
    assertThat(three).isEqualTo(one);
    CompletableFuture<Long> writer = write(theirs, "writer");
    CompletableFuture<Long> late = read(mine, "late");
    assertThat(late).as("a reader after a waiting writer").isNotDone();
    unread(mine, "one", one);
    unread(mine, "two", two);
    assertThat(writer).isNotDone();
    unread(theirs, "three", three);
    assertThat(writer).isCompleted();
    assertThat(writer.join()).isGreaterThan(one);
    unlock(theirs, "writer", writer.join());
    assertThat(late).isCompleted();
    assertThat(late.join()).isGreaterThanOrEqualTo(writer.join());
  }

  @Test
  void aWriterThatKeepsReadingLetsRemoteReadersIn() {
    LocalLock mine = a.readWrite("lock");
    long write = write(mine, "owner").join();
    long read = read(mine, "owner").join();
    CompletableFuture<Long> remote = read(b.readWrite("lock"), "remote");
    assertThat(remote).isNotDone();

    unlock(mine, "owner", write);

    assertThat(remote).isCompleted();
    assertThat(remote.join()).isGreaterThanOrEqualTo(write);
    assertThat(mine.isHeld(owner("owner"), Mode.SHARED, read)).isTrue();
  }

  @Test
  void S10_aWaiterWhoseSessionEndsIsSkipped() {
    NodeWorld.Member c = world.join("c");
    long held = write(a.mutex("lock"), "owner").join();
    write(b.mutex("lock"), "dead");
    CompletableFuture<Long> alive = write(c.mutex("lock"), "alive");
    b.engine.link = Link.HUNG;
    world.time.advance(Duration.ofSeconds(12));

    unlock(a.mutex("lock"), "owner", held);

    assertThat(alive).isCompleted();
  }
}
