package io.holdfast.bench;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Threads of one node share a lock for reading. Nobody writes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ReadersBenchmark {

  private final Holdfast locks = Holdfast.connect("memory:");
  private final DistributedLock read = locks.readWriteLock("catalog").readLock();
  private final Lock reentrant = new ReentrantReadWriteLock().readLock();
  private long value = 1;

  /** Closes the node. */
  @TearDown
  public void close() {
    locks.close();
  }

  /** By try-with-resources. */
  @Benchmark
  public long hold() throws InterruptedException {
    try (Hold hold = read.acquire()) {
      return value + hold.token();
    }
  }

  /** The peer. */
  @Benchmark
  public long reentrantReadLock() {
    reentrant.lock();
    try {
      return value;
    } finally {
      reentrant.unlock();
    }
  }
}
