package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.LockOptions.Fairness;
import io.holdfast.LockOptions.Retention;
import io.holdfast.rules.Command;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What a node keeps, for how long, and that it costs no engine command to take it again. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RetentionTest {

  private static final Duration LONG = Duration.ofMinutes(5);

  private final Nodes nodes = new Nodes();
  private final FaultyEngine engine = nodes.faulty();
  private final Holdfast other = nodes.open("other");

  @AfterEach
  void close() {
    nodes.close();
  }

  private Holdfast node(Duration retainFor) {
    return nodes.open(nodes.builder("counted").engine(engine).retainFor(retainFor));
  }

  private static boolean isRefresh(Command command) {
    return command instanceof Command.Refresh;
  }

  @Test
  void takingARetainedLockAgainCostsNoCommand() throws InterruptedException {
    DistributedLock lock = node(LONG).lock("kept");
    lock.acquire().close();
    int commands = engine.commands().size();
    long last = 0;
    for (int i = 0; i < 100; i++) {
      try (Hold hold = lock.acquire()) {
        assertThat(hold.token()).isGreaterThan(last);
        last = hold.token();
      }
      lock.tryAcquire().orElseThrow().close();
      lock.asLock().lock();
      lock.asLock().unlock();
      Task.run(() -> lock.acquire().close()).result();
    }
    assertThat(engine.commands()).hasSize(commands);
  }

  @Test
  void readersTakeARetainedLockAgainForNothing() throws InterruptedException {
    DistributedReadWriteLock rw = node(LONG).readWriteLock("kept");
    rw.readLock().acquire().close();
    int commands = engine.commands().size();
    for (int i = 0; i < 100; i++) {
      rw.readLock().acquire().close();
    }
    assertThat(engine.commands()).hasSize(commands);
  }

  @Test
  void retentionOffAndStrictGiveBackAtOnce() throws InterruptedException {
    Holdfast node = node(LONG);
    List<LockOptions> eager =
        List.of(
            LockOptions.DEFAULT.retention(Retention.OFF),
            LockOptions.DEFAULT.fairness(Fairness.STRICT));
    for (LockOptions options : eager) {
      DistributedLock lock = node.lock("eager " + options, options);
      for (int i = 0; i < 5; i++) {
        lock.acquire().close();
        assertThat(node.inspector().list("eager")).isEmpty();
      }
    }
    DistributedReadWriteLock rw = node.readWriteLock("eager rw", eager.get(0));
    rw.readLock().acquire().close();
    rw.writeLock().acquire().close();
    assertThat(node.inspector().list("eager")).isEmpty();
  }

  @Test
  void r13_16_givesBackAfterDisuse() throws InterruptedException {
    Holdfast node = node(Duration.ofMillis(100));
    node.lock("idle").acquire().close();
    DistributedReadWriteLock rw = node.readWriteLock("idle rw");
    rw.readLock().acquire().close();
    assertThat(node.inspector().list("idle")).hasSize(2);
    Await.empty(node);
  }

  @Test
  void aLockInUseIsNotGivenBackAfterDisuse() throws InterruptedException {
    Holdfast node = node(Duration.ofMillis(20));
    Hold hold = node.lock("used").acquire();
    Await.holds("is held", Duration.ofMillis(200), hold::isHeld);
    assertThat(other.lock("used").tryAcquire()).isEmpty();
    hold.close();
    Await.empty(node);
  }

  @Test
  void r13_14_givesBackAtOnceWhenAnotherNodeAsks() throws InterruptedException {
    Holdfast node = node(LONG);
    DistributedLock lock = node.lock("wanted");
    for (int i = 0; i < 5; i++) {
      lock.acquire().close();
      other.lock("wanted").acquire(Await.LIMIT).close();
      DistributedReadWriteLock rw = node.readWriteLock("wanted rw");
      rw.readLock().acquire().close();
      other.readWriteLock("wanted rw").writeLock().acquire(Await.LIMIT).close();
      rw.writeLock().acquire().close();
      other.readWriteLock("wanted rw").readLock().acquire(Await.LIMIT).close();
    }
  }

  @Test
  void r13_16_retainsAtMostMaxRetained() throws InterruptedException {
    Holdfast node = nodes.open(nodes.builder("few").engine(engine).retainFor(LONG).maxRetained(3));
    for (int i = 0; i < 20; i++) {
      node.lock("few/" + i).acquire().close();
    }
    assertThat(node.inspector().list("few/").size()).isBetween(1, 3);
  }

  @Test
  void locksHeldTogetherAreNotAllRetained() throws InterruptedException {
    Holdfast node = nodes.open(nodes.builder("few").engine(engine).retainFor(LONG).maxRetained(3));
    List<Hold> holds = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      holds.add(node.lock("few/" + i).acquire());
    }
    assertThat(node.inspector().list("few/")).hasSize(20);
    holds.forEach(Hold::close);
    assertThat(node.inspector().list("few/").size()).isLessThanOrEqualTo(3);
  }

  @Test
  void maxRetainedZeroRetainsNothing() throws InterruptedException {
    Holdfast node = nodes.open(nodes.builder("none").engine(engine).maxRetained(0));
    node.lock("none").acquire().close();
    assertThat(node.inspector().list("none")).isEmpty();
  }

  @Test
  void r13_7_drawsANewIdBeforeTheTokensRunOut() throws InterruptedException {
    DistributedLock lock = node(LONG).lock("busy");
    long last = 0;
    for (int i = 0; i < 3 * 4096 + 100; i++) {
      try (Hold hold = lock.acquire()) {
        if (hold.token() <= last) {
          assertThat(hold.token()).as("acquisition %d", i).isGreaterThan(last);
        }
        last = hold.token();
      }
    }
    long refreshes = engine.commands().stream().filter(RetentionTest::isRefresh).count();
    assertThat(refreshes).isBetween(2L, 8L);
    assertThat(engine.commands()).hasSize((int) refreshes + 1);
    try (Hold next = other.lock("busy").acquire()) {
      assertThat(next.token()).isGreaterThan(last);
    }
  }

  @Test
  void withoutANewIdItWaitsAndNeverRepeatsAToken() throws InterruptedException {
    DistributedLock lock = node(LONG).lock("busy");
    engine.someCommands(FaultyEngine.Fault.REFUSE, RetentionTest::isRefresh);
    long last = 0;
    int got = 0;
    while (got < 5_000) {
      var hold = lock.tryAcquire(Duration.ofMillis(100));
      if (hold.isEmpty()) {
        break;
      }
      assertThat(hold.get().token()).isGreaterThan(last);
      last = hold.get().token();
      hold.get().close();
      got++;
    }
    assertThat(got).isLessThan(4_097);
    engine.heal();
    Hold hold = lock.acquire(Await.LIMIT);
    assertThat(hold.token()).isGreaterThan(last);
    hold.close();
  }

  @Test
  void r13_13_manyThreadsCauseOneRequest() throws InterruptedException {
    DistributedLock lock = node(LONG).lock("one");
    Hold hold = other.lock("one").acquire();
    List<Task<Boolean>> waiters = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      waiters.add(Task.parked(() -> lock.acquire().close()));
    }
    assertThat(engine.commands()).hasSize(1);
    hold.close();
    waiters.forEach(Task::result);
  }

  @Test
  void anUnusedLockIsForgotten() throws InterruptedException {
    Holdfast node = node(Duration.ofMillis(20));
    for (int i = 0; i < 1_000; i++) {
      node.lock("name/" + i).acquire().close();
    }
    Await.empty(node);
  }
}
