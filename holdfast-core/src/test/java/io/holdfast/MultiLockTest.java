package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class MultiLockTest {

  private static final Duration SHORT = Duration.ofMillis(60);

  private final Nodes nodes = new Nodes();
  private final Holdfast a = nodes.open("a");
  private final Holdfast b = nodes.open("b");

  @AfterEach
  void close() {
    nodes.close();
  }

  @Test
  void needsANameAndGoodOnes() {
    assertThatThrownBy(() -> a.lockAll())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("give one or more");
    assertThatThrownBy(() -> a.lockAll("x", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be empty");
  }

  @Test
  void sortsNamesAndCountsRepeatedOnesOnce() throws InterruptedException {
    MultiLock all = a.lockAll("c", "a", "b", "a");
    assertThat(all.names()).containsExactly("a", "b", "c");
    try (Hold hold = all.acquire()) {
      assertThat(hold.name()).isEqualTo("a + b + c");
      assertThat(hold.parts()).extracting(Hold::name).containsExactly("a", "b", "c");
    }
  }

  @Test
  void holdsAllOrNothing() throws InterruptedException {
    Hold hold = a.lockAll("x", "y").acquire();
    assertThat(hold.isHeld()).isTrue();
    assertThat(hold.remaining()).isPositive();
    hold.ensureHeld();
    assertThat(b.lock("x").tryAcquire()).isEmpty();
    assertThat(b.lock("y").tryAcquire()).isEmpty();
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    assertThat(hold.release()).isEqualTo(Hold.Release.RELEASED);
    hold.close();
    assertThat(hold.isHeld()).isFalse();
    assertThat(hold.remaining()).isZero();
    assertThatThrownBy(hold::ensureHeld).isInstanceOf(IllegalStateException.class);
    b.lockAll("y", "x").tryAcquire().orElseThrow().close();
  }

  @Test
  void tokensAreThoseOfTheParts() throws InterruptedException {
    try (Hold hold = a.lockAll("x", "y").acquire()) {
      assertThatThrownBy(hold::token)
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("parts()");
      assertThat(hold.parts()).allMatch(part -> part.token() > 0);
    }
    try (Hold single = a.lockAll("x").acquire()) {
      assertThat(single.token()).isEqualTo(single.parts().get(0).token());
    }
  }

  @Test
  void reenters() throws InterruptedException {
    try (Hold inner = a.lock("y").acquire();
        Hold all = a.lockAll("x", "y").acquire();
        Hold again = a.lockAll("y", "x").tryAcquire().orElseThrow()) {
      assertThat(all.parts().get(1).token()).isEqualTo(inner.token());
      assertThat(again.isHeld()).isTrue();
    }
    b.lockAll("x", "y").tryAcquire().orElseThrow().close();
  }

  @Test
  void nothingIsHeldAfterATryOrATimeout() throws InterruptedException {
    Hold last = b.lock("z").acquire();
    MultiLock all = a.lockAll("x", "y", "z");
    assertThat(all.tryAcquire()).isEmpty();
    long start = System.nanoTime();
    assertThat(all.tryAcquire(SHORT)).isEmpty();
    assertThat(Await.since(start)).isGreaterThanOrEqualTo(SHORT).isLessThan(Await.LIMIT);
    assertThat(a.lock("x").isHeldByCurrentThread()).isFalse();
    b.lockAll("x", "y").tryAcquire().orElseThrow().close();
    last.close();
    all.tryAcquire(Await.LIMIT).orElseThrow().close();
    Await.empty(a);
  }

  @Test
  void nothingIsHeldAfterAnInterrupt() throws InterruptedException {
    Hold last = b.lock("z").acquire();
    Task<Boolean> waiter = Task.parked(() -> a.lockAll("x", "y", "z").acquire());
    waiter.interrupt();
    waiter.failsWith(InterruptedException.class);
    b.lockAll("x", "y").tryAcquire().orElseThrow().close();
    last.close();
    Await.empty(a);
  }

  @Test
  void nothingIsHeldAfterARefusal() throws InterruptedException {
    Hold read = b.readWriteLock("z").readLock().acquire();
    assertThatThrownBy(() -> a.lockAll("x", "y", "z").acquire())
        .isInstanceOf(LockKindMismatchException.class);
    b.lockAll("x", "y").tryAcquire().orElseThrow().close();
    read.close();
  }

  @Test
  void timesToWaitArePositive() {
    assertThatThrownBy(() -> a.lockAll("x").tryAcquire(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than zero");
    assertThat(
            Task.<Optional<Hold>>elsewhere(
                () -> a.lockAll("x").tryAcquire(Duration.ofSeconds(Long.MAX_VALUE))))
        .isPresent();
  }

  @Test
  void theLossOfOnePartIsTheLossOfAllAndIsToldOnce() throws InterruptedException {
    AtomicInteger losses = new AtomicInteger();
    Hold hold = a.lockAll("x", "y").acquire();
    hold.onLost(loss -> losses.incrementAndGet());
    LockReport report = b.inspector().explain("y").orElseThrow();
    assertThat(b.inspector().forceRelease("y", report.holders().get(0))).isTrue();
    Await.until("the loss is told", () -> losses.get() > 0);
    assertThat(hold.isHeld()).isFalse();
    assertThatThrownBy(hold::ensureHeld)
        .isInstanceOf(HoldLostException.class)
        .hasMessageContaining("lost lock y");
    a.close();
    assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    b.lockAll("x", "y").tryAcquire().orElseThrow().close();
    assertThat(losses).as("a listener is called at most once").hasValue(1);
  }

  @Test
  void s18_oppositeOrdersDoNotDeadlock() {
    AtomicInteger inside = new AtomicInteger();
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      Holdfast node = i % 2 == 0 ? a : b;
      String[] names = i < 2 ? new String[] {"x", "y", "z"} : new String[] {"z", "y", "x"};
      tasks.add(Task.run(() -> lockOften(node, names, inside)));
    }
    tasks.forEach(Task::result);
    Await.empty(a);
  }

  private static void lockOften(Holdfast node, String[] names, AtomicInteger inside)
      throws InterruptedException {
    for (int i = 0; i < 200; i++) {
      MultiLock all = node.lockAll(names);
      Optional<Hold> hold = i % 4 == 0 ? all.tryAcquire(SHORT) : Optional.of(all.acquire());
      if (hold.isPresent()) {
        assertThat(inside.incrementAndGet()).isEqualTo(1);
        inside.decrementAndGet();
        hold.get().close();
      }
    }
  }
}
