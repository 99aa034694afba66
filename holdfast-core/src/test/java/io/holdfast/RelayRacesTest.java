package io.holdfast;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;

/** {@link Relay} when the token and the cancellation come at the same time. */
@Isolated("Lincheck instruments what all tests use")
class RelayRacesTest {

  private static final long TOKEN = 7;

  private static final int SCHEDULES = 200;

  @Test
  void aTokenThatComesTooLateIsGivenBackExactlyOnce() {
    Lincheck.runConcurrentTest(SCHEDULES, RelayRacesTest::grantWhileCancelling);
  }

  private static void grantWhileCancelling() {
    AtomicInteger givenBack = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    CompletableFuture<Long> tokens = new CompletableFuture<>();
    CompletableFuture<Long> hold =
        Relay.of(tokens, token -> token, token -> givenBack.incrementAndGet());
    Thread engine =
        new Thread(
            () -> {
              if (!tokens.complete(TOKEN)) {
                refused.incrementAndGet();
              }
            });
    engine.start();
    hold.cancel(false);
    join(engine);

    int taken = hold.isCancelled() ? 0 : 1;
    assertEquals(1, taken + givenBack.get() + refused.get());
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }
}
