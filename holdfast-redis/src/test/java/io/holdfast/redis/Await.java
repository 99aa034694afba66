package io.holdfast.redis;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Waits for what must come. */
final class Await {

  private static final Environment.Ticker CLOCK = Environment.system("await").ticker();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private Await() {}

  /** Waits for a condition; returns how long it took. */
  static Duration until(String what, Callable<Boolean> condition) {
    long begun = CLOCK.nanoTime();
    long deadline = begun + PATIENCE.toNanos();
    Exception last = null;
    while (true) {
      try {
        if (condition.call()) {
          return Duration.ofNanos(CLOCK.nanoTime() - begun);
        }
      } catch (Exception notYet) {
        last = notYet;
      }
      if (CLOCK.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + PATIENCE + ": " + what, last);
      }
      LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
    }
  }

  /** Lets time pass, where time is what is tested. */
  static void pass(Duration duration) {
    long deadline = CLOCK.nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = deadline - CLOCK.nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }
}
