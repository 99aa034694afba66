package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Work on a thread of its own, whose outcome is asked for with a limit. */
final class Task<T> {

  private static final AtomicInteger STARTED = new AtomicInteger();

  private final FutureTask<T> work;
  private final Thread thread;

  private Task(Callable<T> body) {
    work = new FutureTask<>(body);
    thread = new Thread(work, "task-" + STARTED.incrementAndGet());
    thread.setDaemon(true);
    thread.start();
  }

  /** Starts work that has a result. */
  static <T> Task<T> start(Callable<T> body) {
    return new Task<>(body);
  }

  /** Starts work. */
  static Task<Boolean> run(ThrowingCallable body) {
    return new Task<>(
        () -> {
          try {
            body.call();
          } catch (Exception | Error thrown) {
            throw thrown;
          } catch (Throwable thrown) {
            throw new AssertionError(thrown);
          }
          return true;
        });
  }

  /** Does work on another thread and waits for the result. */
  static <T> T elsewhere(Callable<T> body) {
    return start(body).result();
  }

  /** Starts work and waits until it is parked in a lock. */
  static Task<Boolean> parked(ThrowingCallable body) {
    Task<Boolean> task = run(body);
    task.awaitParked();
    return task;
  }

  Thread thread() {
    return thread;
  }

  void interrupt() {
    thread.interrupt();
  }

  boolean isDone() {
    return work.isDone();
  }

  void awaitParked() {
    Await.parked(thread);
  }

  /** What the work returned. */
  T result() {
    try {
      return work.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      throw new AssertionError("the work on " + thread.getName() + " failed", failed.getCause());
    } catch (InterruptedException | TimeoutException late) {
      AssertionError error = new AssertionError("no end of " + thread.getName(), late);
      StackTraceElement[] where = thread.getStackTrace();
      if (where.length > 0) {
        error.addSuppressed(stuck(where));
      }
      throw error;
    }
  }

  /** What the work threw. */
  Throwable failure() {
    try {
      Object result = work.get(Await.LIMIT.toSeconds(), TimeUnit.SECONDS);
      throw new AssertionError("expected a failure, not " + result);
    } catch (ExecutionException failed) {
      return failed.getCause();
    } catch (InterruptedException | TimeoutException late) {
      throw new AssertionError("no end of " + thread.getName(), late);
    }
  }

  /** Expects the work to fail in a certain way. */
  void failsWith(Class<? extends Throwable> type) {
    assertThat(failure()).isInstanceOf(type);
  }

  private static Throwable stuck(StackTraceElement[] where) {
    Throwable stuck = new IllegalStateException("here it is stuck");
    stuck.setStackTrace(where);
    return stuck;
  }
}
