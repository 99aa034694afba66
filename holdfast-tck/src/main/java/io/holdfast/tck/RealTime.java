package io.holdfast.tck;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The time of the clock on the wall. */
final class RealTime implements KitTime {

  @Override
  public Environment environment(String name) {
    return Environment.system(name);
  }

  @Override
  public <T> T await(CompletableFuture<T> answer, Duration patience)
      throws ExecutionException, InterruptedException, TimeoutException {
    return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public void settle() {}

  @Override
  public CompletableFuture<Void> beside(Runnable work, Executor threads) {
    return CompletableFuture.runAsync(work, threads);
  }

  @Override
  public String toString() {
    return "real time";
  }
}
