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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Threads of one node fight for one lock and do next to nothing under it or between. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ContendedBenchmark {

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
      count++;
      return hold.token();
    }
  }

  /** By the view as a {@link Lock}. */
  @Benchmark
  public long asLock() {
    classic.lock();
    try {
      return ++count;
    } finally {
      classic.unlock();
    }
  }

  /** The peer, which is not fair either. */
  @Benchmark
  public long reentrantLock() {
    reentrant.lock();
    try {
      return ++count;
    } finally {
      reentrant.unlock();
    }
  }
}
