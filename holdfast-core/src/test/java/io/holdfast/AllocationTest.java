package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Taking a retained lock allocates nothing. The smallest object has 16 bytes; what may remain is
 * the drawing of a new grant id, once in thousands of acquisitions.
 *
 * <p>Measured in a JVM of its own: what other tests did with holds decides what the compiler makes
 * of this loop.
 */
@Isolated("the compiler of its JVM needs a processor")
class AllocationTest {

  private static final int OPERATIONS = 1_000_000;
  private static final double MOST_BYTES = 2;

  /** How often the loop runs until the compiler has had the time to do its work. */
  private static final int ROUNDS = 20;

  private static final String HOLDS = "holds that stay in their method";
  private static final String CLASSIC = "the classic view";

  private static long total;

  private interface Loop {
    void run() throws InterruptedException;
  }

  @ParameterizedTest
  @ValueSource(strings = {HOLDS, CLASSIC})
  void allocatesNothing(String way) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                AllocationTest.class.getName(),
                way)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).isZero();
    assertThat(Double.parseDouble(said.strip())).isLessThan(MOST_BYTES);
  }

  /** Prints the bytes that one way of taking a retained lock allocates. */
  public static void main(String[] way) throws InterruptedException {
    try (Holdfast locks = Holdfast.connect("memory:")) {
      DistributedLock lock = locks.lock("retained");
      Lock classic = lock.asLock();
      System.out.println(
          leastBytes(way[0].equals(HOLDS) ? () -> takeHolds(lock) : () -> takeClassic(classic)));
    }
  }

  private static void takeHolds(DistributedLock lock) throws InterruptedException {
    for (int i = 0; i < OPERATIONS; i++) {
      try (Hold hold = lock.acquire()) {
        total += hold.token();
      }
    }
  }

  private static void takeClassic(Lock lock) {
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
