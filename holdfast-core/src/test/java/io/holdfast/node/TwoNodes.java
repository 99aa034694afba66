package io.holdfast.node;

import io.holdfast.LockOptions;
import io.holdfast.Owner;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One mutex in two nodes, as small as can be, for model checking. Time stands still and nothing is
 * called back on another thread, so that the schedule of the test's own threads decides all.
 */
final class TwoNodes {

  private final Environment environment =
      new Environment(
          new StoppedClock(), new NoTimers(), Environment.systemParker(), new SplittableRandom(1));
  private final MutexEngine engine = new MutexEngine(environment);
  private final Node node = node("here");
  final LocalLock here;
  final LocalLock elsewhere;

  private final AtomicInteger inside = new AtomicInteger();
  private final Queue<String> broken = new ConcurrentLinkedQueue<>();
  private final Queue<CompletableFuture<?>> futures = new ConcurrentLinkedQueue<>();

  TwoNodes(LockOptions options) {
    here = node.lock("lock", LockKind.MUTEX, options);
    elsewhere = node("elsewhere").lock("lock", LockKind.MUTEX, options);
  }

  private Node node(String name) {
    SessionTerms terms = new SessionTerms(Duration.ofSeconds(10), name, "host", 1);
    NodeSettings settings = new NodeSettings(terms, Duration.ofSeconds(1), 10, Runnable::run);
    Node made = new Node(engine, environment, settings);
    made.start().join();
    return made;
  }

  /** The calling thread uses the lock, and parks for it if it must. */
  void use() {
    Thread owner = Thread.currentThread();
    inAndOut(here, owner, here.acquireUninterruptibly(owner, Mode.EXCLUSIVE));
  }

  /** The calling thread uses the lock if it gets it at once. */
  void useWithoutWaiting() {
    Thread owner = Thread.currentThread();
    try {
      inAndOut(here, owner, here.acquire(owner, Mode.EXCLUSIVE, 0));
    } catch (InterruptedException impossible) {
      throw new AssertionError(impossible);
    }
  }

  /** Somebody without a thread uses the lock as soon as it is granted. */
  CompletableFuture<Long> useLater(LocalLock where, String owner) {
    Owner who = Owner.of(owner);
    CompletableFuture<Long> token = where.acquireAsync(who, Mode.EXCLUSIVE, LocalLock.FOREVER);
    futures.add(
        token.whenComplete(
            (granted, cancelled) -> {
              if (cancelled == null) {
                inAndOut(where, who, granted);
              }
            }));
    return token;
  }

  private void inAndOut(LocalLock where, Object owner, long token) {
    if (token == LocalLock.NOT_GRANTED) {
      return;
    }
    if (inside.incrementAndGet() != 1) {
      broken.add("two inside");
    }
    inside.decrementAndGet();
    if (!where.release(owner, Mode.EXCLUSIVE, token)) {
      broken.add("a hold was lost");
    }
  }

  /** Everybody was served or gave up, nobody is forgotten in a queue, no grant is kept. */
  void mustBeAtRest() {
    if (!futures.stream().allMatch(CompletableFuture::isDone)) {
      broken.add("a waiter was forgotten");
    }
    here.releaseIdle(Long.MAX_VALUE);
    elsewhere.releaseIdle(Long.MAX_VALUE);
    if (!engine.isAtRest() || node.activeLocks() > 0) {
      broken.add("a grant was kept");
    }
    if (!broken.isEmpty()) {
      throw new IllegalStateException(broken.toString());
    }
  }

  private static final class StoppedClock implements Environment.Ticker {
    @Override
    public long nanoTime() {
      return 0;
    }

    @Override
    public long epochMillis() {
      return 0;
    }
  }

  private static final class NoTimers implements Environment.Scheduler {
    @Override
    public Environment.Cancellable schedule(Runnable work, Duration delay) {
      return () -> {};
    }

    @Override
    public void close() {}
  }
}
