package io.holdfast;

import io.holdfast.engine.Calls;
import io.holdfast.node.LocalLock;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongConsumer;
import java.util.function.LongFunction;

/** Turns the future token of a local lock into the future hold of a caller. */
final class Relay {

  private Relay() {}

  /**
   * Cancelling the result cancels the source, and a token that comes too late is given back.
   *
   * @param result makes the result of a token or {@link LocalLock#NOT_GRANTED}
   * @param giveBack ends the hold of a token
   */
  @SuppressWarnings("FutureReturnValueIgnored") // Both only react; what fails is in the result.
  static <T> CompletableFuture<T> of(
      CompletableFuture<Long> tokens, LongFunction<T> result, LongConsumer giveBack) {
    CompletableFuture<T> relayed = new CompletableFuture<>();
    tokens.whenComplete(
        (token, problem) -> {
          if (problem != null) {
            relayed.completeExceptionally(Calls.cause(problem));
          } else if (!relayed.complete(result.apply(token)) && token != LocalLock.NOT_GRANTED) {
            giveBack.accept(token);
          }
        });
    relayed.whenComplete(
        (hold, problem) -> {
          if (relayed.isCancelled()) {
            tokens.cancel(false);
          }
        });
    return relayed;
  }
}
