package io.holdfast.tck;

import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import io.holdfast.Inspector;
import io.holdfast.engine.Calls;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What one test of {@link LockKit} works with: a fresh space, nodes, threads and patience. A
 * subclass that overrides a test only needs to name it.
 */
public class LockLab implements AutoCloseable {

  private static final AtomicLong SPACES = new AtomicLong();

  private final ApiKit kit;
  private final Environment environment = Environment.system("tck");
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Holdfast> nodes = new ArrayList<>();
  private final List<HangingEngine> hanging = new ArrayList<>();
  private final String space;
  private @Nullable Inspector inspector;

  LockLab(ApiKit kit) {
    this.kit = kit;
    this.space =
        "kit"
            + Long.toString(environment.ticker().epochMillis(), Character.MAX_RADIX)
            + Integer.toString(environment.random().nextInt(1 << 20), Character.MAX_RADIX)
            + "y"
            + SPACES.incrementAndGet();
  }

  ApiKit kit() {
    return kit;
  }

  long nanoTime() {
    return environment.ticker().nanoTime();
  }

  long epochMillis() {
    return environment.ticker().epochMillis();
  }

  int scaled(int full) {
    return kit.scaled(full);
  }

  /** The namespace that belongs to this test. */
  String space() {
    return space;
  }

  Environment environment() {
    return environment;
  }

  /** A node with default settings. */
  Holdfast node() {
    return node(settings -> settings);
  }

  /** A node with settings of its own. */
  Holdfast node(UnaryOperator<HoldfastBuilder> settings) {
    return node(kit.engineUri(), settings);
  }

  /** A node that knows the engine by another URI. */
  Holdfast node(String uri, UnaryOperator<HoldfastBuilder> settings) {
    HoldfastBuilder builder =
        Holdfast.builder(uri).space(space).node("node-" + (nodes.size() + 1)).shutdownHook(false);
    Holdfast node = settings.apply(builder).connect();
    nodes.add(node);
    return node;
  }

  /** An engine of its own that can hang, for a node's {@link HoldfastBuilder#engine}. */
  HangingEngine hangingEngine() {
    HangingEngine engine = new HangingEngine(openEngine());
    hanging.add(engine);
    return engine;
  }

  /** Opens the engine on the test's space, past the public API. */
  Engine openEngine() {
    return openEngine(kit.engineUri(), space, environment);
  }

  static Engine openEngine(String location, String space, Environment environment) {
    URI uri = URI.create(location);
    for (EngineProvider provider : ServiceLoader.load(EngineProvider.class)) {
      if (provider.schemes().contains(uri.getScheme())) {
        return provider.open(uri, space, environment);
      }
    }
    throw new AssertionError("no engine for " + uri + " on the class path");
  }

  /** Looks at the locks of the test through a node that uses none. */
  Inspector inspector() {
    if (inspector == null) {
      inspector = node(settings -> settings.node("observer")).inspector();
    }
    return inspector;
  }

  /** How many wait for a lock at the engine. */
  int waiting(String name) {
    return inspector().explain(name).map(report -> report.waiters().size()).orElse(0);
  }

  /** Runs something in a thread of its own. */
  <T> CompletableFuture<T> inThread(Callable<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    threads.execute(
        () -> {
          try {
            result.complete(work.call());
          } catch (Exception | AssertionError failure) {
            result.completeExceptionally(failure);
          }
        });
    return result;
  }

  /** The result of a stage; its failure is thrown, and too much delay is one. */
  <T> T await(CompletionStage<T> stage) {
    awaitEnd(stage);
    try {
      return stage.toCompletableFuture().join();
    } catch (CompletionException | CancellationException failed) {
      Throwable cause = Calls.cause(failed);
      throw new AssertionError("failed: " + cause, cause);
    }
  }

  /** Waits until a stage has ended, well or not; too much delay is a failure. */
  void awaitEnd(CompletionStage<?> stage) {
    awaitEnd(stage, kit.patience());
  }

  /** The same with more patience, or less. */
  void awaitEnd(CompletionStage<?> stage, Duration patience) {
    Pace.Deadline deadline = Pace.within(patience);
    try {
      if (!deadline.await(stage)) {
        throw new AssertionError("not within " + deadline);
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", interrupted);
    }
  }

  /** Waits for a condition. */
  void eventually(String what, BooleanSupplier condition) {
    Pace.Deadline deadline = Pace.within(kit.patience());
    if (!deadline.await(condition)) {
      throw new AssertionError("not within " + deadline + ": " + what);
    }
  }

  /** Lets time pass. */
  void pass(Duration duration) {
    long deadline = nanoTime() + duration.toNanos();
    for (long left = duration.toNanos(); left > 0; left = deadline - nanoTime()) {
      LockSupport.parkNanos(left);
    }
  }

  /** How long something takes. */
  Duration time(Callable<?> work) throws Exception {
    long begun = nanoTime();
    work.call();
    return Duration.ofNanos(nanoTime() - begun);
  }

  /** Closes all nodes, the observer's too. */
  void closeNodes() {
    nodes.forEach(Holdfast::close);
    nodes.clear();
    inspector = null;
  }

  @Override
  public void close() {
    hanging.forEach(HangingEngine::recover);
    closeNodes();
    threads.shutdownNow();
    environment.scheduler().close();
  }
}
