package io.holdfast.tck;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;

/**
 * How time passes in one test of {@link EngineKit}: by itself, or, where the engine has no threads
 * and no clock but those of its environment, whenever the test has nothing to do but to wait. Its
 * name, as {@code toString()} gives it, goes into messages: so much "of real time".
 */
interface KitTime {

  /** Clocks, scheduler and chance for one process, closed by the caller. */
  Environment environment(String name);

  /**
   * Waits for an answer.
   *
   * @throws TimeoutException if it does not come in time
   */
  <T> T await(CompletableFuture<T> answer, Duration patience)
      throws ExecutionException, InterruptedException, TimeoutException;

  /**
   * Does what should have been done by now, as far as that is up to this time and not to threads.
   */
  void settle();

  /**
   * Does something beside the test.
   *
   * @param work may wait by this time
   * @param threads does the work at once, in a thread that has nothing else to do
   */
  CompletableFuture<Void> beside(Runnable work, Executor threads);

  /** Adds to a failure what it takes to see it again. */
  default void remark(Throwable failure) {}
}
