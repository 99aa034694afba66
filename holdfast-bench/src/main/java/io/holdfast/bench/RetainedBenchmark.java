package io.holdfast.bench;

import io.holdfast.DistributedLock;
import io.holdfast.DistributedSemaphore;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One thread takes a lock that its node retains, and releases it. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RetainedBenchmark {

  private final Holdfast locks = Holdfast.connect("memory:");
  private final DistributedLock lock = locks.lock("retained");
  private final Lock classic = lock.asLock();
  private final ReentrantLock reentrant = new ReentrantLock();
  private long total;

  /** Uses the other kind of local lock too: with one kind alone, calls would be cheaper. */
  public RetainedBenchmark() {
    DistributedSemaphore permits = locks.semaphore("permits", 1);
    permits.tryAcquire().ifPresent(Hold::close);
  }

  /** Closes the node. */
  @TearDown
  public void close() {
    locks.close();
  }

  /** By try-with-resources. */
  @Benchmark
  public long hold() throws InterruptedException {
    try (Hold hold = lock.acquire()) {
      total += hold.token();
      return total;
    }
  }

  /**
   * As above, around a call that the compiler does not look into. What closes the hold should the
   * call throw has never run, so the compiler may leave it out of line and need the hold as an
   * object.
   */
  @Benchmark
  public long holdAroundCall() throws InterruptedException {
    try (Hold hold = lock.acquire()) {
      return call(hold.token());
    }
  }

  @CompilerControl(CompilerControl.Mode.DONT_INLINE)
  private long call(long token) {
    total += token;
    return total;
  }

  /** By the view as a {@link Lock}. */
  @Benchmark
  public long asLock() {
    classic.lock();
    try {
      return ++total;
    } finally {
      classic.unlock();
    }
  }

  /** The floor: mutual exclusion among the threads of one JVM ... */
  @Benchmark
  public long reentrantLock() {
    reentrant.lock();
    try {
      return ++total;
    } finally {
      reentrant.unlock();
    }
  }

  /** ... and the reading of the clock without which no lease can be proven. */
  @Benchmark
  public long nanoTime() {
    return System.nanoTime();
  }
}
