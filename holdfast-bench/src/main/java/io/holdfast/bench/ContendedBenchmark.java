package io.holdfast.bench;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** Threads of one node fight for one lock and do nothing between. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ContendedBenchmark {

  /** How much is done under the lock, in JMH's tokens of about a nanosecond. */
  @Param("0")
  public long section;

  private final Holdfast locks = Holdfast.connect("memory:");
  private final DistributedLock lock = locks.lock("contended");
  private final Lock classic = lock.asLock();
  private final ReentrantLock reentrant = new ReentrantLock();
  private long count;

  /** Closes the node. */
  @TearDown
  public void close() {
    locks.close();
  }

  /** By try-with-resources. */
  @Benchmark
  public long hold() throws InterruptedException {
    try (Hold hold = lock.acquire()) {
      work();
      return hold.token();
    }
  }

  /** By the view as a {@link Lock}. */
  @Benchmark
  public long asLock() {
    classic.lock();
    try {
      return work();
    } finally {
      classic.unlock();
    }
  }

  /** The peer, which is not fair either. */
  @Benchmark
  public long reentrantLock() {
    reentrant.lock();
    try {
      return work();
    } finally {
      reentrant.unlock();
    }
  }

  /** The peer with the reading of the clock without which no lease can be proven. */
  @Benchmark
  public long reentrantLockAndClock() {
    reentrant.lock();
    try {
      return work() + System.nanoTime();
    } finally {
      reentrant.unlock();
    }
  }

  private long work() {
    if (section > 0) {
      Blackhole.consumeCPU(section);
    }
    return ++count;
  }
}
