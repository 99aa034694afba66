package io.holdfast;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.LockNames;
import io.holdfast.engine.LockView;
import io.holdfast.node.WaitGraph;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Shows who holds what and who waits, as of now (linearizable), and lets an operator end a hold.
 * Thread-safe. Every method asks the engine and ends within the operation timeout.
 */
public final class Inspector {

  private static final int PAGE = 500;

  private final Engine engine;
  private final Environment environment;
  private final Duration timeout;

  Inspector(Engine engine, Environment environment, Duration timeout) {
    this.engine = engine;
    this.environment = environment;
    this.timeout = timeout;
  }

  /**
   * Looks at one lock.
   *
   * @return empty if nobody holds it and nobody waits
   * @throws EngineUnavailableException if the engine does not answer in time
   */
  public Optional<LockReport> explain(String name) {
    return await(engine.read(LockNames.require(name))).map(LockReport::of);
  }

  /**
   * Follows who holds a lock, what that one waits for, who holds that, and so on. Needs two round
   * trips or more for each step.
   *
   * @throws EngineUnavailableException if the engine does not answer in time
   */
  public WaitChain waitChain(String name) {
    LockNames.require(name);
    return await(WaitGraph.read(engine, Set.of(name))).chain(name);
  }

  /**
   * Looks at all locks that are held or waited for.
   *
   * @param prefix only names that begin with it; may be empty
   * @throws EngineUnavailableException if the engine does not answer in time
   */
  public List<LockReport> list(String prefix) {
    List<LockReport> all = new ArrayList<>();
    String after = "";
    while (true) {
      List<LockView> page = await(engine.list(prefix, after, PAGE));
      page.forEach(view -> all.add(LockReport.of(view)));
      if (page.size() < PAGE) {
        return all;
      }
      after = page.get(page.size() - 1).name();
    }
  }

  /**
   * Ends a hold by force: compare-and-delete of exactly the hold that was seen. Its owner is told
   * of the loss; until it has heard, only the fencing token protects the resource.
   *
   * @param name the lock
   * @param seen the holder as {@link #explain} showed it
   * @return false if that hold has ended already; nothing was changed then
   * @throws EngineUnavailableException if the engine does not answer in time
   */
  public boolean forceRelease(String name, LockReport.Holder seen) {
    return await(engine.forceRelease(LockNames.require(name), seen.request(), seen.grant()));
  }

  /** What the engine is and promises. */
  public EngineDescription engine() {
    return engine.description();
  }

  /**
   * Looks at the live store for settings that break a promise.
   *
   * @return what was looked at, the fine included; empty if there is nothing to look at
   * @throws EngineUnavailableException if the engine does not answer in time
   */
  public List<Finding> examine() {
    return await(engine.examine());
  }

  private <T> T await(CompletionStage<T> stage) {
    return await(environment, stage, timeout);
  }

  /**
   * Waits for an answer of the engine.
   *
   * @throws EngineUnavailableException if it does not come in time, or the thread is interrupted,
   *     which it then still is
   */
  static <T> T await(Environment environment, CompletionStage<T> stage, Duration limit) {
    CompletableFuture<T> answer = stage.toCompletableFuture();
    Environment.Ticker ticker = environment.ticker();
    long deadline = ticker.nanoTime() + Environment.saturatedNanos(limit);
    Thread waiting = Thread.currentThread();
    CompletableFuture<?> woken =
        answer.whenComplete((value, failure) -> environment.parker().unpark(waiting));
    while (!answer.isDone()) {
      if (waiting.isInterrupted()) {
        throw new EngineUnavailableException("interrupted while waiting for the engine; try again");
      }
      long left = deadline - ticker.nanoTime();
      if (left <= 0) {
        woken.cancel(false);
        throw new EngineUnavailableException(
            "the engine has not answered within "
                + limit.toMillis()
                + " ms; check that it runs and can be reached, then try again");
      }
      environment.parker().park(answer, left);
    }
    return result(answer);
  }

  private static <T> T result(CompletableFuture<T> answer) {
    try {
      return answer.join();
    } catch (CompletionException failed) {
      if (failed.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      throw new EngineUnavailableException("the engine failed; see the cause", failed);
    }
  }
}
