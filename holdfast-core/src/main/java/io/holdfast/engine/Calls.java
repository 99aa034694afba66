package io.holdfast.engine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Calls that answer with a stage: whatever goes wrong arrives in one way, unwrapped. */
public final class Calls {

  private Calls() {}

  /** Makes a call; an exception that it throws is as good as a failed stage. */
  public static <T> CompletionStage<T> call(Supplier<CompletionStage<T>> call) {
    try {
      return call.get();
    } catch (RuntimeException thrown) {
      return CompletableFuture.failedFuture(thrown);
    }
  }

  /**
   * Makes a call and continues with its answer or its failure.
   *
   * @param answered gets the answer
   * @param failed gets the failure of the call, or what {@code answered} threw
   */
  static <T> void call(
      Supplier<CompletionStage<T>> call, Consumer<T> answered, Consumer<Throwable> failed) {
    call(call)
        .whenComplete(
            (answer, failure) -> {
              if (failure != null) {
                failed.accept(cause(failure));
                return;
              }
              try {
                answered.accept(answer);
              } catch (RuntimeException broken) {
                failed.accept(broken);
              }
            });
  }

  /** Continues when a stage has completed, however. */
  static void after(CompletionStage<?> stage, Runnable next) {
    stage.whenComplete((answer, failure) -> next.run());
  }

  /** What failed, without the wrapping of dependent stages. */
  public static Throwable cause(Throwable failure) {
    Throwable cause = failure.getCause();
    return failure instanceof CompletionException && cause != null ? cause : failure;
  }
}
