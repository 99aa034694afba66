package io.holdfast.bench;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** One thread takes a lock of the file engine that nobody retains, and gives it back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class FileEngineBenchmark {

  private final ScratchDirectory directory = new ScratchDirectory();
  private final Holdfast locks = Holdfast.connect("file:" + directory.file("locks"));
  private final DistributedLock lock =
      locks.lock("cold", LockOptions.DEFAULT.retention(LockOptions.Retention.OFF));

  /** Closes the node and removes its file. */
  @TearDown
  public void close() {
    locks.close();
    directory.close();
  }

  /** Written to the file at the acquisition and at the release. */
  @Benchmark
  public long hold() throws InterruptedException {
    try (Hold hold = lock.acquire()) {
      return hold.token();
    }
  }
}
