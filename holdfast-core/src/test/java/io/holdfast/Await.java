package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.node.LocalLock;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what other threads do, up to a generous limit. */
final class Await {

  /** Far more than anything takes, even on a busy machine. */
  static final Duration LIMIT = Duration.ofMinutes(2);

  private static final long PAUSE_NANOS = Duration.ofMillis(1).toNanos();

  private Await() {}

  /** Waits until a condition holds; fails at {@link #LIMIT}. */
  static void until(String what, BooleanSupplier condition) {
    until(what, LIMIT, condition);
  }

  /** Waits until a condition holds; fails at a limit. */
  static void until(String what, Duration limit, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(since(start)).as("waited in vain until %s", what).isLessThan(limit);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Watches for a while that a condition holds without interruption. */
  static void holds(String what, Duration time, BooleanSupplier condition) {
    long start = System.nanoTime();
    while (since(start).compareTo(time) < 0) {
      assertThat(condition.getAsBoolean()).as(what).isTrue();
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Lets time pass, for what happens after a time and not before. */
  static void pass(Duration time) {
    long start = System.nanoTime();
    until("time has passed", () -> since(start).compareTo(time) >= 0);
  }

  /**
   * Expects something to take less than a time. A machine that stands still may spoil attempts, so
   * the best one counts: what is late by itself is late each time.
   *
   * @param attempt does it, and tells how long it took
   */
  static void takesAtMost(Duration most, String what, Callable<Duration> attempt) {
    long start = System.nanoTime();
    Duration best = LIMIT;
    while (best.compareTo(most) >= 0) {
      assertThat(since(start)).as("%s took %s at best", what, best).isLessThan(LIMIT);
      try {
        Duration took = attempt.call();
        best = took.compareTo(best) < 0 ? took : best;
      } catch (Exception failed) {
        throw new AssertionError(what + " failed", failed);
      }
    }
  }

  /** Waits until a thread is queued and parked in a lock. */
  static void parked(Thread thread) {
    until(
        thread.getName() + " waits for a lock",
        () -> LockSupport.getBlocker(thread) instanceof LocalLock);
  }

  /** Waits for a latch. */
  static void latch(CountDownLatch latch) {
    until("the latch is open", () -> latch.getCount() == 0);
  }

  /** The result of a stage. */
  static <T> T result(CompletionStage<T> stage) {
    try {
      return stage.toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new AssertionError("the stage has no result", failed);
    }
  }

  /** Waits until a space has neither holders nor waiters. */
  static void empty(Holdfast node) {
    until("nobody holds or waits", () -> node.inspector().list("").isEmpty());
  }

  /** Waits until so many wait for a lock at the engine. */
  static void waiters(Holdfast node, String name, int count) {
    until(
        count + " wait for " + name,
        () ->
            node.inspector().explain(name).map(report -> report.waiters().size()).orElse(0)
                == count);
  }

  /** The time that has passed since a reading of {@link System#nanoTime()}. */
  static Duration since(long start) {
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
