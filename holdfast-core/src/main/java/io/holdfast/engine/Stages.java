package io.holdfast.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Stages of work that is done at once. */
final class Stages {

  private Stages() {}

  /** Does the work; the stage is complete with its result or the exception that it threw. */
  static <T> CompletionStage<T> of(Supplier<T> work) {
    try {
      return CompletableFuture.completedFuture(work.get());
    } catch (RuntimeException failure) {
      return CompletableFuture.failedFuture(failure);
    }
  }

  /** Does the work; the stage is complete, exceptionally if the work threw. */
  static CompletionStage<Void> run(Runnable work) {
    CompletableFuture<@Nullable Void> stage = new CompletableFuture<>();
    try {
      work.run();
      stage.complete(null);
    } catch (RuntimeException failure) {
      stage.completeExceptionally(failure);
    }
    return stage;
  }
}
