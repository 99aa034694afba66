package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** R13.18: with strict fairness there is one order of arrival over all threads of all nodes. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StrictOrderTest {

  private static final int WAITERS = 12;

  private final Nodes nodes = new Nodes();
  private final Holdfast a = nodes.open("a");
  private final Holdfast b = nodes.open("b");
  private final ConcurrentLinkedQueue<Integer> order = new ConcurrentLinkedQueue<>();

  @AfterEach
  void close() {
    nodes.close();
  }

  private static Lock of(Holdfast node) {
    return node.lock("queue", Style.STRICT.options()).asLock();
  }

  private Task<Boolean> waiter(Lock lock, int number) {
    return Task.parked(
        () -> {
          lock.lock();
          try {
            order.add(number);
          } finally {
            lock.unlock();
          }
        });
  }

  @Test
  void waitersOfAllNodesAreServedInOrderOfArrival() {
    Lock here = of(a);
    Lock there = of(b);
    here.lock();
    List<Task<Boolean>> waiters = new ArrayList<>();
    for (int i = 0; i < WAITERS; i++) {
      waiters.add(waiter(i % 3 == 0 ? there : here, i));
      Await.waiters(a, "queue", i + 1);
    }
    here.unlock();
    waiters.forEach(Task::result);
    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
  }

  @Test
  void whoeverLeavesTheQueueLosesOnlyItsOwnPlace() {
    Lock here = of(a);
    here.lock();
    List<Task<Boolean>> waiters = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      waiters.add(waiter(here, i));
    }
    Task<Boolean> leaving = Task.parked(here::lockInterruptibly);
    for (int i = 3; i < 6; i++) {
      waiters.add(waiter(here, i));
    }
    leaving.interrupt();
    leaving.failsWith(InterruptedException.class);
    here.unlock();
    waiters.forEach(Task::result);
    assertThat(order).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void aRunningThreadDoesNotOvertakeAWaiter() {
    Lock here = of(a);
    for (int i = 0; i < 50; i++) {
      here.lock();
      Task<Boolean> waiter = waiter(here, i);
      here.unlock();
      here.lock();
      assertThat(order).hasSize(i + 1);
      here.unlock();
      waiter.result();
    }
  }
}
