package io.holdfast.node;

import static io.holdfast.node.NodeWorld.unlock;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.LockOptions;
import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.ManualEnvironment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A thread that was granted the lock and does not run until long after. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LateThreadTest {

  private final ManualEnvironment time = new ManualEnvironment();
  private final SlowReader clock = new SlowReader(time.environment().ticker());
  private final Environment environment =
      new Environment(
          clock,
          time.environment().scheduler(),
          Environment.systemParker(),
          time.environment().random());
  private final SwitchableEngine engine =
      new SwitchableEngine(EmbeddedEngine.open("late-thread", "space", environment));
  private final LocalLock lock = lock();

  private LocalLock lock() {
    SessionTerms terms = new SessionTerms(NodeWorld.TTL, "node", "host", 1);
    Node node =
        new Node(
            engine, environment, new NodeSettings(terms, NodeWorld.RETAIN_FOR, 10, Runnable::run));
    node.start().join();
    LockOptions directHandOff = LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT);
    return node.lock("lock", LockKind.MUTEX, directHandOff);
  }

  @Test
  void aHoldThatWasLostBeforeItsThreadRanIsNotReturnedUnderTheNextLease() throws Exception {
    long held = write(lock, "holder").join();
    FutureTask<Long> acquire =
        new FutureTask<>(
            () -> lock.acquire(Thread.currentThread(), Mode.EXCLUSIVE, LocalLock.FOREVER));
    Thread late = new Thread(acquire, "late");
    late.setDaemon(true);
    late.start();
    while (LockSupport.getBlocker(late) != lock) {
      Thread.onSpinWait();
    }

    clock.holdUp(late);
    unlock(lock, "holder", held);
    clock.awaitHeldUp();
    loseTheLeaseAndProveItAgain();
    long next = write(lock, "next").join();
    clock.letGo();

    while (LockSupport.getBlocker(late) != lock && !acquire.isDone()) {
      Thread.onSpinWait();
    }
    assertThat(acquire).as("two inside").isNotDone();
    unlock(lock, "next", next);
    assertThat(acquire.get(30, TimeUnit.SECONDS)).isGreaterThan(next);
  }

  private void loseTheLeaseAndProveItAgain() {
    engine.link = SwitchableEngine.Link.REFUSED;
    time.advance(NodeWorld.TTL.minus(Duration.ofMillis(100)));
    engine.link = SwitchableEngine.Link.UP;
    time.advance(Duration.ofSeconds(3));
  }

  /** A clock at which one thread's readings take long. */
  private static final class SlowReader implements Environment.Ticker {
    private final Environment.Ticker real;
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);
    private volatile @Nullable Thread slow;

    SlowReader(Environment.Ticker real) {
      this.real = real;
    }

    void holdUp(Thread thread) {
      slow = thread;
    }

    void awaitHeldUp() {
      await(arrived);
    }

    void letGo() {
      gate.countDown();
    }

    @Override
    public long nanoTime() {
      if (Thread.currentThread() == slow) {
        arrived.countDown();
        await(gate);
      }
      return real.nanoTime();
    }

    @Override
    public long epochMillis() {
      return real.epochMillis();
    }

    private static void await(CountDownLatch latch) {
      try {
        latch.await();
      } catch (InterruptedException impossible) {
        throw new AssertionError(impossible);
      }
    }
  }
}
