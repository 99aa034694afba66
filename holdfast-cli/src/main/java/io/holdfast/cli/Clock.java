package io.holdfast.cli;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** The command's clock. */
final class Clock {

  private static final Environment.Ticker TICKER = Environment.system("holdfast").ticker();

  private Clock() {}

  /** The wall clock, for people. */
  static Instant now() {
    return Instant.ofEpochMilli(TICKER.epochMillis());
  }

  /** A monotonic reading in nanoseconds. */
  static long nanos() {
    return TICKER.nanoTime();
  }

  /** The time since a reading of {@link #nanos()}. */
  static Duration since(long nanos) {
    return Duration.ofNanos(TICKER.nanoTime() - nanos);
  }

  /** Pauses this thread; ends early if it is interrupted. */
  static void pause(Duration length) {
    await(length, () -> false);
  }

  /**
   * Waits until a condition holds, looking again every few milliseconds.
   *
   * @return false if the time was over first, or this thread interrupted
   */
  static boolean await(Duration limit, BooleanSupplier condition) {
    long start = nanos();
    while (!condition.getAsBoolean()) {
      long left = limit.toNanos() - (nanos() - start);
      if (left <= 0 || Thread.currentThread().isInterrupted()) {
        return false;
      }
      LockSupport.parkNanos(Clock.class, Math.min(left, TimeUnit.MILLISECONDS.toNanos(2)));
    }
    return true;
  }
}
