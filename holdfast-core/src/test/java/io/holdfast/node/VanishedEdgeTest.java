package io.holdfast.node;

import static io.holdfast.node.NodeWorld.owner;
import static io.holdfast.node.NodeWorld.unlock;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.LockOptions;
import io.holdfast.WaitChain;
import io.holdfast.engine.Engine;
import io.holdfast.engine.LockView;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.WaitReport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/**
 * A wait ends, and the report that says so is still on its way, when another wait seems to close a
 * circle with it. There never was a circle, so nobody may give way.
 *
 * <p>Here b1 of node b holds y. It waits for x like its neighbour b2, and both wait by the one
 * request of their node; so the request stays in the record when b1 waits no longer. Then a1, who
 * holds x, asks for y: the record of y says that a1 waits for b, the report that is out of date
 * says that y waits for the request, and the record of x says that the request waits for a.
 *
 * <p>The simulation runs these tests again on a search with planted bugs, which must fail them.
 */
class VanishedEdgeTest {

  private static final Duration LONG_ENOUGH_TO_BE_REPORTED = Duration.ofMillis(100);

  /** The first look comes after a millisecond, the second one two milliseconds later. */
  private static final Duration BETWEEN_THE_LOOKS = Duration.ofMillis(2);

  private static final Duration LONG_ENOUGH_TO_GO_WRONG = Duration.ofSeconds(3);

  private final NodeWorld world = new NodeWorld();
  private final NodeWorld.Member a = world.join("a");
  private final NodeWorld.Member b = world.join("b");
  private final Engine observer = world.observer();

  private final long x = write(a.mutex("x"), "a1").join();
  private final long y = write(b.mutex("y"), "b1").join();

  @Test
  void ofWhoTimedOut() {
    CompletableFuture<Long> neighbour = write(b.mutex("x"), "b2");
    Duration limit = LONG_ENOUGH_TO_BE_REPORTED.plusMillis(50);
    CompletableFuture<Long> impatient =
        b.mutex("x").acquireAsync(owner("b1"), Mode.EXCLUSIVE, limit.toNanos());
    untilReported();

    b.engine.reportsHeld = true;
    world.time.advance(Duration.ofMillis(60));
    assertThat(impatient.join()).isEqualTo(LocalLock.NOT_GRANTED);

    nobodyGivesWay(write(a.mutex("y"), "a1"), neighbour);
  }

  @Test
  void ofWhoCancelled() {
    CompletableFuture<Long> neighbour = write(b.mutex("x"), "b2");
    CompletableFuture<Long> cancelling = write(b.mutex("x"), "b1");
    untilReported();

    b.engine.reportsHeld = true;
    cancelling.cancel(false);

    nobodyGivesWay(write(a.mutex("y"), "a1"), neighbour);
  }

  /** Inside b, b1 waits for b2, who holds z and waits for x; then b2 lets go of z. */
  @Test
  void ofWhoWasGivenWhatItWaitedFor() {
    LocalLock z = b.mutex("z");
    long held = write(z, "b2").join();
    CompletableFuture<Long> neighbour = write(b.mutex("x"), "b2");
    CompletableFuture<Long> handedOver = write(z, "b1");
    untilReported();

    b.engine.reportsHeld = true;
    unlock(z, "b2", held);
    assertThat(handedOver).isCompleted();

    nobodyGivesWay(write(a.mutex("y"), "a1"), neighbour);
  }

  /** Composed while b1 waited, taken after the first look: its number alone proves nothing. */
  @Test
  void whoseLastReportArrivesBetweenTheTwoLooks() {
    CompletableFuture<Long> neighbour = write(b.mutex("x"), "b2");
    CompletableFuture<Long> cancelling = write(b.mutex("x"), "b1");
    untilReported();
    long before = said().number();

    b.engine.reportsHeld = true;
    // Somebody asks for what b1 holds, so that b reports once more.
    CompletableFuture<Long> other = write(world.join("c").mutex("y"), "c1");
    world.time.advance(Duration.ofMillis(20));
    cancelling.cancel(false);
    CompletableFuture<Long> closing = write(a.mutex("y"), "a1");
    world.time.advance(BETWEEN_THE_LOOKS);
    b.engine.passReports();
    assertThat(said().number()).as("the number of the late report").isGreaterThan(before);
    assertThat(said().links()).as("what the late report says").isNotEmpty();

    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(other).isNotDone();
    other.cancel(false);
    nobodyGivesWay(closing, neighbour);
  }

  /** Here the news would come from b, but the circle that is shown leads through c. */
  @Test
  void ofOneOfTwoWhoHoldThePermits() {
    NodeWorld.Member c = world.join("c");
    permit(c, "c1").join();
    CompletableFuture<Long> patient = write(c.mutex("x"), "c1");
    permit(b, "b1").join();
    CompletableFuture<Long> neighbour = write(b.mutex("x"), "b2");
    CompletableFuture<Long> cancelling = write(b.mutex("x"), "b1");
    untilReported();

    b.engine.reportsHeld = true;
    cancelling.cancel(false);
    CompletableFuture<Long> closing = permit(a, "a1");
    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(closing).as("a1, while the news is on its way").isNotDone();
    b.engine.reportsHeld = false;
    b.engine.passReports();
    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(List.of(closing, patient, neighbour)).noneMatch(CompletableFuture::isDone);

    // Now it is a deadlock; the request of a1 is younger than the one that b1 joins.
    CompletableFuture<Long> again = write(b.mutex("x"), "b1");
    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(closing).isCompletedExceptionally();
    assertThat(List.of(again, patient, neighbour)).noneMatch(CompletableFuture::isDone);
  }

  private static CompletableFuture<Long> permit(NodeWorld.Member member, String who) {
    LockOptions followed = LockOptions.DEFAULT.followPermits(true);
    return member
        .node
        .lock("permits", LockKind.semaphore(2), followed)
        .acquireAsync(new PermitOwner(owner(who)), Mode.permits(1), LocalLock.FOREVER);
  }

  /** b1 has let go of y before it waits for x, and b merely keeps y for the next time. */
  @Test
  void ofWhatIsRetainedOnly() {
    unlock(b.mutex("y"), "b1", y);
    CompletableFuture<Long> waiting = write(b.mutex("x"), "b1");
    world.time.advance(LONG_ENOUGH_TO_BE_REPORTED);

    assertThat(record("y").record().grants()).as("what b retains").hasSize(1);
    assertThat(said().links()).as("what b says of it").isEmpty();
    b.engine.eventsLost = true;
    CompletableFuture<Long> closing = write(a.mutex("y"), "a1");
    world.time.advance(LONG_ENOUGH_TO_BE_REPORTED);
    WaitChain chain = WaitGraph.read(observer, Set.of("x")).toCompletableFuture().join().chain("x");
    assertThat(chain.end()).as("%s", chain).isEqualTo(WaitChain.End.RUNNING);

    b.engine.eventsLost = false;
    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(closing).isCompleted();
    unlock(a.mutex("x"), "a1", x);
    assertThat(waiting).isCompleted();
  }

  // ---------------------------------------------------------------- what they have in common

  /** What can be read of the waits of node b. */
  private WaitReport said() {
    long session = record("y").record().grants().get(0).request().session();
    Map<Long, WaitReport> reports = observer.reports(List.of(session)).toCompletableFuture().join();
    return reports.getOrDefault(session, WaitReport.NONE);
  }

  private LockView record(String name) {
    return observer.read(name).toCompletableFuture().join().orElseThrow();
  }

  private void untilReported() {
    world.time.advance(LONG_ENOUGH_TO_BE_REPORTED);
    assertThat(said().links())
        .as("what b says while b1 waits")
        .anyMatch(link -> link.held().equals("y") && link.wanted().equals("x"));
  }

  /**
   * Neither while the news is on its way nor later; and when b1 is done, everybody goes on.
   *
   * @param closing a1 waits for y
   * @param neighbour b2 waits for x
   */
  private void nobodyGivesWay(CompletableFuture<Long> closing, CompletableFuture<Long> neighbour) {
    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(closing).as("a1, while the news is on its way").isNotDone();
    b.engine.reportsHeld = false;
    b.engine.passReports();
    world.time.advance(LONG_ENOUGH_TO_GO_WRONG);
    assertThat(closing).as("a1, when the news has come").isNotDone();
    assertThat(neighbour).as("b2").isNotDone();

    unlock(b.mutex("y"), "b1", y);
    assertThat(closing).isCompleted();
    unlock(a.mutex("x"), "a1", x);
    assertThat(neighbour).isCompleted();
  }
}
