package io.holdfast.peers;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.Owner;
import io.holdfast.engine.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;

/**
 * A client of Holdfast that asks {@value #PER_SECOND} times a second for locks which another one
 * has (S33), but not faster than {@value #UNDER_WAY} tries at once are answered.
 */
final class Greed implements AutoCloseable {

  private static final int WANTED = 100;
  private static final int UNDER_WAY = 16;
  private static final int PER_SECOND = 1_000;
  private static final long GAP_NANOS = TimeUnit.SECONDS.toNanos(1) / PER_SECOND;

  private final Environment.Ticker clock = Environment.system("greed").ticker();

  private final Holdfast holder;
  private final Holdfast greedy;
  private final List<Hold> holds = new ArrayList<>();

  Greed(String uri) throws InterruptedException {
    holder = HoldfastContender.connect(uri);
    greedy = HoldfastContender.connect(uri);
    for (int i = 0; i < WANTED; i++) {
      holds.add(holder.lock("wanted/" + i).acquire());
    }
  }

  /** Measures while the greedy client is at it. */
  double beside(DoubleSupplier measurement) throws InterruptedException {
    Semaphore free = new Semaphore(UNDER_WAY);
    AtomicBoolean ended = new AtomicBoolean();
    Thread asker = new Thread(() -> askUntil(ended, free), "greed");
    asker.start();
    try {
      return measurement.getAsDouble();
    } finally {
      ended.set(true);
      asker.join();
      free.acquire(UNDER_WAY);
    }
  }

  private void askUntil(AtomicBoolean ended, Semaphore free) {
    long begun = clock.nanoTime();
    for (long tries = 0; !ended.get(); tries++) {
      LockSupport.parkNanos(begun + tries * GAP_NANOS - clock.nanoTime());
      free.acquireUninterruptibly();
      DistributedLock lock = greedy.lock("wanted/" + tries % WANTED);
      CompletionStage<?> unused =
          lock.tryAcquireAsync(Owner.of("try" + tries))
              .whenComplete((hold, failure) -> free.release());
    }
  }

  @Override
  public void close() {
    holds.forEach(Hold::close);
    greedy.close();
    holder.close();
  }
}
