package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.Test;

/**
 * Taking a retained lock allocates nothing. The smallest object has 16 bytes; what may remain is
 * the drawing of a new grant id, once in thousands of acquisitions.
 */
class AllocationTest {

  private static final int OPERATIONS = 1_000_000;
  private static final double MOST_BYTES = 2;

  /** How often the loop runs until the compiler has had the time to do its work. */
  private static final int ROUNDS = 20;

  private long total;

  private interface Loop {
    void run() throws InterruptedException;
  }

  @Test
  void aHoldThatStaysInItsMethodAllocatesNothing() throws InterruptedException {
    try (Holdfast locks = Holdfast.connect("memory:")) {
      DistributedLock lock = locks.lock("retained");
      assertThat(leastBytes(() -> takeHolds(lock))).isLessThan(MOST_BYTES);
    }
  }

  @Test
  void theClassicViewAllocatesNothing() throws InterruptedException {
    try (Holdfast locks = Holdfast.connect("memory:")) {
      Lock lock = locks.lock("retained").asLock();
      assertThat(leastBytes(() -> takeClassic(lock))).isLessThan(MOST_BYTES);
    }
  }

  private void takeHolds(DistributedLock lock) throws InterruptedException {
    for (int i = 0; i < OPERATIONS; i++) {
      try (Hold hold = lock.acquire()) {
        total += hold.token();
      }
    }
  }

  private void takeClassic(Lock lock) {
    for (int i = 0; i < OPERATIONS; i++) {
      lock.lock();
      try {
        total++;
      } finally {
        lock.unlock();
      }
    }
  }

  /** The bytes per operation of the best round. */
  private static double leastBytes(Loop loop) throws InterruptedException {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    double least = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS && least >= MOST_BYTES; round++) {
      long before = threads.getThreadAllocatedBytes(self);
      loop.run();
      long bytes = threads.getThreadAllocatedBytes(self) - before;
      least = Math.min(least, (double) bytes / OPERATIONS);
    }
    return least;
  }
}
