package io.holdfast.zookeeper;

import io.holdfast.engine.Calls;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assertions;

/** A store with an environment of its own, and calls that wait for their answers. */
final class TestStore implements AutoCloseable {

  final ZooKeeperRecordStore store;
  private final Environment environment;

  private TestStore(String uri, String space, Environment environment) {
    this.environment = environment;
    store = ZooKeeperRecordStore.open(Location.parse(URI.create(uri)), space, environment);
  }

  static TestStore open(String uri, String space) {
    return new TestStore(uri, space, Environment.system("test-store"));
  }

  /**
   * A store whose scheduler loses what is to be done later, as a process whose timers are stuck.
   */
  static TestStore withStuckTimers(String uri, String space) {
    Environment real = Environment.system("test-store");
    Environment.Scheduler stuck =
        new Environment.Scheduler() {
          @Override
          public Environment.Cancellable schedule(Runnable work, Duration delay) {
            return () -> {};
          }

          @Override
          public void close() {
            real.scheduler().close();
          }
        };
    return new TestStore(
        uri, space, new Environment(real.ticker(), stuck, real.parker(), real.random()));
  }

  static <T> T await(CompletionStage<T> stage) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    try {
      return future.orTimeout(20, TimeUnit.SECONDS).join();
    } catch (CompletionException failed) {
      if (Calls.cause(failed) instanceof RuntimeException cause) {
        throw cause;
      }
      throw failed;
    }
  }

  /** Looks again and again until it is as it should be. */
  void eventually(String what, Duration patience, Supplier<Boolean> look) {
    long deadline = environment.ticker().nanoTime() + patience.toNanos();
    while (!look.get()) {
      if (environment.ticker().nanoTime() - deadline > 0) {
        Assertions.fail("not within " + patience + ": " + what);
      }
      environment.parker().park(this, Duration.ofMillis(20).toNanos());
    }
  }

  long nanoTime() {
    return environment.ticker().nanoTime();
  }

  void pass(Duration time) {
    long deadline = nanoTime() + time.toNanos();
    for (long left = time.toNanos(); left > 0; left = deadline - nanoTime()) {
      environment.parker().park(this, left);
    }
  }

  Outcome write(String name, long expected, String text, Long... wake) {
    byte[] bytes = text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    return await(store.compareAndSet(new Write(name, expected, bytes, Set.of(wake))));
  }

  static String text(Stored stored) {
    return stored.bytes() == null ? null : new String(stored.bytes(), StandardCharsets.UTF_8);
  }

  long session(Duration ttl, Consumer<String> onWake) {
    return await(store.openSession(new SessionTerms(ttl, "node", "host", 1), onWake));
  }

  Set<Long> dead(long session) {
    return await(store.findDead(Set.of(session)));
  }

  @Override
  public void close() {
    store.close();
    environment.scheduler().close();
  }
}
