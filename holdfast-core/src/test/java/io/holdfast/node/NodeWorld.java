package io.holdfast.node;

import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.engine.EmbeddedEngine;
import io.holdfast.engine.Engine;
import io.holdfast.engine.ManualEnvironment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** Nodes over one embedded space, under a clock that the test moves. Everything is synchronous. */
final class NodeWorld {

  static final Duration TTL = Duration.ofSeconds(10);
  static final Duration RETAIN_FOR = Duration.ofSeconds(1);
  private static final AtomicInteger SPACES = new AtomicInteger();

  final ManualEnvironment time = new ManualEnvironment();
  private final String space = "node-world-" + SPACES.incrementAndGet();

  /** A node with its own connection. */
  final class Member {
    final SwitchableEngine engine;
    final Node node;

    Member(String name, int maxRetained) {
      Engine embedded = EmbeddedEngine.open(space, "space", time.environment());
      engine = new SwitchableEngine(embedded);
      node =
          new Node(
              engine,
              time.environment(),
              new NodeSettings(
                  new SessionTerms(TTL, name, "host", 1), RETAIN_FOR, maxRetained, Runnable::run));
      node.start().join();
    }

    LocalLock mutex(String name) {
      return node.lock(name, LockKind.MUTEX, LockOptions.DEFAULT);
    }

    LocalLock mutex(String name, LockOptions options) {
      return node.lock(name, LockKind.MUTEX, options);
    }

    LocalLock readWrite(String name) {
      return node.lock(name, LockKind.READ_WRITE, LockOptions.DEFAULT);
    }
  }

  Member join(String name) {
    return new Member(name, 10_000);
  }

  Member join(String name, int maxRetained) {
    return new Member(name, maxRetained);
  }

  /** An engine to look at the space with. */
  Engine observer() {
    return EmbeddedEngine.open(space, "space", time.environment());
  }

  static Owner owner(String id) {
    return Owner.of(id);
  }

  static CompletableFuture<Long> write(LocalLock lock, String owner) {
    return lock.acquireAsync(owner(owner), Mode.EXCLUSIVE, LocalLock.FOREVER);
  }

  static CompletableFuture<Long> read(LocalLock lock, String owner) {
    return lock.acquireAsync(owner(owner), Mode.SHARED, LocalLock.FOREVER);
  }

  static boolean unlock(LocalLock lock, String owner, long token) {
    return lock.release(owner(owner), Mode.EXCLUSIVE, token);
  }
}
