package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.LockRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * What one test of the kit works with: a fresh space, nodes on several engines, and patience.
 * Handed to each test of {@link EngineKit}; a subclass that overrides a test only needs to name it.
 */
public final class Lab implements AutoCloseable {

  /** Nodes take turns on this many engines, so that they meet as they would across processes. */
  private static final int ENGINES = 4;

  private static final AtomicLong SPACES = new AtomicLong();

  /** Longer than any test takes. */
  private static final Duration LONG = Duration.ofHours(1);

  private final EngineKit kit;
  private final KitTime time;
  private final Environment environment;
  private final String space;
  private final List<Environment> environments = new ArrayList<>();
  private final List<Engine> engines = new ArrayList<>();
  private final List<Engine> turns = new ArrayList<>();
  private final List<LabNode> nodes = new ArrayList<>();
  private int turn;

  Lab(EngineKit kit) {
    this.kit = kit;
    this.time = kit.time();
    this.environment = time.environment("tck");
    this.space = freshSpace();
  }

  /** A space that no other test uses, in this run or an earlier one on the same store. */
  private String freshSpace() {
    return "kit"
        + Long.toString(environment.ticker().epochMillis(), Character.MAX_RADIX)
        + Integer.toString(environment.random().nextInt(1 << 20), Character.MAX_RADIX)
        + "x"
        + SPACES.incrementAndGet();
  }

  EngineKit kit() {
    return kit;
  }

  /** Clocks and the scheduler of the kit, apart from those of the engines. */
  Environment environment() {
    return environment;
  }

  long nanoTime() {
    return environment.ticker().nanoTime();
  }

  int scaled(int full) {
    return kit.scaled(full);
  }

  /** A node whose session is renewed in time until it is abandoned. */
  LabNode node() {
    return node(SessionTerms.DEFAULT_TTL);
  }

  /** A node with the short TTL, renewed in time until it is abandoned. */
  LabNode mortal() {
    return node(kit.shortTtl());
  }

  List<LabNode> nodes(int count) {
    List<LabNode> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      made.add(node());
    }
    return made;
  }

  LabNode node(Duration ttl) {
    if (turns.size() < ENGINES) {
      turns.add(engine());
    }
    return node(turns.get(turn++ % turns.size()), ttl);
  }

  LabNode node(Engine engine, Duration ttl) {
    int number = nodes.size() + 1;
    SessionTerms terms = new SessionTerms(ttl, "node-" + number, "host-" + number, 1000 + number);
    LabNode node = new LabNode(this, engine, terms);
    nodes.add(node);
    return node;
  }

  /** One more engine on the space of the test. */
  Engine engine() {
    return engine(space);
  }

  /** An engine on another space. */
  Engine elsewhere() {
    return engine(freshSpace());
  }

  private Engine engine(String ofSpace) {
    Environment own = time.environment("tck-engine");
    environments.add(own);
    Engine engine = kit.open(ofSpace, own);
    engines.add(engine);
    return engine;
  }

  /** Closes every engine of the space, but keeps the space, and opens it anew. */
  void reopen() {
    Optional<Engine> keeper = kit.forgetsWhenClosed() ? Optional.of(engine()) : Optional.empty();
    nodes.forEach(LabNode::stopRenewing);
    nodes.clear();
    turns.clear();
    engines.stream()
        .filter(engine -> keeper.stream().noneMatch(engine::equals))
        .forEach(Engine::close);
    engines.retainAll(keeper.stream().toList());
  }

  /** The engine that the kit looks through. */
  Engine observer() {
    return turns.isEmpty() ? node().engine() : turns.get(0);
  }

  Optional<LockView> view(String name) {
    return await(observer().read(name));
  }

  LockRecord record(String name) {
    return view(name)
        .map(LockView::record)
        .orElseThrow(() -> new AssertionError("lock " + name + " is at rest, unexpectedly"));
  }

  /** Asserts who holds a lock and who waits, in order. */
  void assertLock(String name, List<Ticket> holders, List<Ticket> waiters) {
    LockRecord record = record(name);
    assertThat(record.grants().stream().map(grant -> grant.request()))
        .as("holders of %s", name)
        .containsExactlyInAnyOrderElementsOf(holders.stream().map(Ticket::request).toList());
    assertThat(record.queue().stream().map(waiter -> waiter.request()))
        .as("waiters of %s, in order", name)
        .containsExactlyElementsOf(waiters.stream().map(Ticket::request).toList());
  }

  void assertAtRest(String name) {
    assertThat(view(name)).as("lock %s at rest", name).isEmpty();
  }

  void assertSpaceEmpty() {
    assertThat(await(observer().list("", "", 1000))).as("locks left in the space").isEmpty();
  }

  /** The result of a stage; its failure is thrown as it is, and too much delay is one. */
  <T> T await(CompletionStage<T> stage) {
    return await(stage, () -> "no answer from the engine");
  }

  /**
   * The result of a stage.
   *
   * @param missing what to say if there is none in time
   */
  <T> T await(CompletionStage<T> stage, Supplier<String> missing) {
    try {
      return await(stage.toCompletableFuture(), kit.patience());
    } catch (TimeoutException late) {
      throw new AssertionError(late(missing.get()), late);
    }
  }

  private <T> T await(CompletableFuture<T> future, Duration patience) throws TimeoutException {
    try {
      return time.await(future, patience);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (failed.getCause() instanceof AssertionError cause) {
        throw cause;
      }
      throw new AssertionError("the engine failed with " + failed.getCause(), failed.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while waiting for the engine", interrupted);
    }
  }

  private String late(String missing) {
    return missing + " within " + kit.patience() + " of " + time;
  }

  /** Waits for a condition. */
  void eventually(String what, BooleanSupplier condition) {
    long deadline = nanoTime() + kit.patience().toNanos();
    while (!condition.getAsBoolean()) {
      if (nanoTime() - deadline > 0) {
        throw new AssertionError(late("not so: " + what));
      }
      pass(Duration.ofMillis(5));
    }
  }

  /** Lets time pass, where a rule is about time. */
  void pass(Duration duration) {
    CompletableFuture<Void> over = new CompletableFuture<>();
    environment.scheduler().schedule(() -> over.complete(null), duration);
    try {
      await(over, duration.plus(LONG));
    } catch (TimeoutException stopped) {
      throw new AssertionError(duration + " of " + time + " do not pass", stopped);
    }
  }

  /** Does what should have been done by now, where that depends on no other thread. */
  void settle() {
    time.settle();
  }

  /** Does something for each of some things, each in a thread of its own, all at once. */
  <T> void together(List<T> things, Consumer<T> work) {
    ExecutorService threads = Executors.newFixedThreadPool(things.size());
    try {
      await(
          CompletableFuture.allOf(
              things.stream()
                  .map(thing -> time.beside(() -> work.accept(thing), threads))
                  .toArray(CompletableFuture<?>[]::new)),
          LONG);
    } catch (TimeoutException stuck) {
      throw new AssertionError(
          "work in threads has not ended within " + LONG + " of " + time, stuck);
    } finally {
      threads.shutdownNow();
    }
  }

  /** Adds to a failure of the test what it takes to see it again. */
  void remark(Throwable failure) {
    time.remark(failure);
  }

  @Override
  public void close() {
    nodes.forEach(LabNode::stopRenewing);
    environment.scheduler().close();
    engines.forEach(Engine::close);
    environments.forEach(own -> own.scheduler().close());
  }
}
