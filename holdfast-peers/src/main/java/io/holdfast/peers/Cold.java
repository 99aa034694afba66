package io.holdfast.peers;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** Threads of one process that take and release one name after the other, each at the store. */
final class Cold {

  /** How the names begin. */
  static final String PREFIX = "cold/";

  private static final int NAMES = 10_000;

  private final Environment.Ticker clock;
  private final AtomicLong next = new AtomicLong();

  Cold(Environment.Ticker clock) {
    this.clock = clock;
  }

  /** How many locks are taken and released in a second by all threads together. */
  double run(Contender contender, int threads, Duration time) {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      long begun = clock.nanoTime();
      long end = begun + time.toNanos();
      List<CompletableFuture<Long>> counts = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        counts.add(CompletableFuture.supplyAsync(() -> visit(contender, end), pool));
      }
      long count = counts.stream().mapToLong(CompletableFuture::join).sum();
      return count * 1e9 / (clock.nanoTime() - begun);
    } finally {
      pool.shutdown();
    }
  }

  private long visit(Contender contender, long end) {
    long count = 0;
    while (end - clock.nanoTime() > 0) {
      try {
        contender.take(PREFIX + next.incrementAndGet() % NAMES).release();
      } catch (Exception failure) {
        throw new IllegalStateException("a cold lock failed; look at its cause", failure);
      }
      count++;
    }
    return count;
  }
}
