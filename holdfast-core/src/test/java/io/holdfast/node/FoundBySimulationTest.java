package io.holdfast.node;

import static io.holdfast.node.NodeWorld.owner;
import static io.holdfast.node.NodeWorld.unlock;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.Engine;
import io.holdfast.engine.SessionTerms;
import io.holdfast.node.SwitchableEngine.Link;
import io.holdfast.rules.Command;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * Bugs of the node that simulation found, each told as briefly as it can be. See {@code
 * docs/track-record.md}.
 */
class FoundBySimulationTest {

  private final NodeWorld world = new NodeWorld();
  private final NodeWorld.Member a = world.join("a");
  private final NodeWorld.Member b = world.join("b");

  @Test
  void holdersHearOfTheCloseBeforeAnybodyElseGetsIn() {
    List<String> course = new ArrayList<>();
    LocalLock lock = a.mutex("lock");
    long token = write(lock, "owner").join();
    lock.onLost(owner("owner"), Mode.EXCLUSIVE, token, loss -> course.add("told"));
    CompletableFuture<?> next =
        write(b.mutex("lock"), "next").thenAccept(granted -> course.add("granted"));

    a.node.close();

    assertThat(next).isCompleted();
    assertThat(course).containsExactly("told", "granted");
  }

  @Test
  void aGrantThatIsLostBeforeItsCallbackRunsIsNotHandedOut() {
    List<Runnable> callbacks = new ArrayList<>();
    Node late = node("late", callbacks);
    LocalLock lock = late.lock("lock", LockKind.MUTEX, a.mutex("lock").options());
    CompletableFuture<Long> hold = write(lock, "owner");
    world.time.pause(NodeWorld.TTL.multipliedBy(2));

    runAll(callbacks);

    assertThat(hold).as("granted long ago, and lost since").isNotDone();
    world.time.advance(NodeWorld.TTL);
    runAll(callbacks);
    assertThat(hold).isCompleted();
    assertThat(lock.isHeld(owner("owner"), Mode.EXCLUSIVE, hold.join())).isTrue();
  }

  private Node node(String name, List<Runnable> callbacks) {
    Engine engine = world.observer();
    SessionTerms terms = new SessionTerms(NodeWorld.TTL, name, "host", 1);
    NodeSettings settings = new NodeSettings(terms, NodeWorld.RETAIN_FOR, 10_000, callbacks::add);
    Node node = new Node(engine, world.time.environment(), settings);
    node.start().join();
    return node;
  }

  private static void runAll(List<Runnable> callbacks) {
    while (!callbacks.isEmpty()) {
      callbacks.remove(0).run();
    }
  }

  @Test
  void nobodyReentersAHoldThatIsNotProven() {
    LocalLock lock = a.mutex("lock");
    long token = write(lock, "owner").join();
    a.engine.link = Link.HUNG;
    world.time.pause(NodeWorld.TTL.multipliedBy(2));

    CompletableFuture<Long> again = write(lock, "owner");

    assertThat(again).isNotDone();
    a.engine.link = Link.UP;
    world.time.advance(NodeWorld.TTL.multipliedBy(2));
    assertThat(again).isCompleted();
    assertThat(again.join()).isGreaterThan(token);
  }

  /** Renewals arrive, answers do not: the session would live for ever and keep others out. */
  @Test
  void aSessionWhoseAnswersAreLostIsGivenUp() {
    LocalLock lock = a.mutex("lock");
    write(lock, "owner").join();
    CompletableFuture<Long> local = write(lock, "also wants it");
    CompletableFuture<Long> remote = write(b.mutex("lock"), "remote");
    a.engine.link = Link.REPLY_LOST;

    world.time.advance(NodeWorld.TTL.multipliedBy(4));

    assertThat(local).isNotDone();
    assertThat(remote).isCompleted();
  }

  @Test
  void aSessionWhoseOpeningHangsIsAskedForAgain() {
    a.engine.link = Link.HUNG;
    world.time.advance(NodeWorld.TTL.multipliedBy(4));
    CompletableFuture<Long> waiting = write(a.mutex("lock"), "owner");

    a.engine.link = Link.UP;
    world.time.advance(Duration.ofSeconds(10));

    assertThat(waiting).isCompleted();
  }

  /** Nothing is handed out while a session is in doubt, so something must be when it is not. */
  @Test
  void whatIsGrantedInDoubtIsHandedOutWhenTheDoubtIsOver() {
    LocalLock lock = a.mutex("lock");
    long held = write(b.mutex("lock"), "holder").join();
    CompletableFuture<Long> waiting = write(lock, "owner");
    world.time.jumpWallClock(Duration.ofHours(1));
    a.engine.link = Link.REPLY_HELD;
    world.time.advance(Duration.ofMillis(3_300));
    assertThat(a.node.isProven()).as("the renewal of a third of the lease is out").isFalse();
    a.engine.eventsLost = false;
    a.engine.link = Link.UP;
    unlock(b.mutex("lock"), "holder", held);
    assertThat(waiting).isNotDone();

    a.engine.answerHeld();

    assertThat(waiting).isCompleted();
  }

  @Test
  void oneRepetitionIsEnoughHoweverManyAttemptsFail() {
    a.engine.link = Link.REPLY_HELD;
    write(a.mutex("lock"), "owner");
    world.time.advance(Duration.ofSeconds(7));
    long attempts = acquires();
    assertThat(attempts).as("an unanswered command is sent again").isGreaterThan(1);

    a.engine.link = Link.REFUSED;
    a.engine.failHeld();
    world.time.advance(Duration.ofSeconds(5));

    assertThat(acquires() - attempts)
        .as("attempts in 5 s, with pauses that grow to a second")
        .isLessThan(12);
  }

  private long acquires() {
    return a.engine.commands.stream().filter(Command.Acquire.class::isInstance).count();
  }
}
