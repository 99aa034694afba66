package io.holdfast.node;

import io.holdfast.LockKindMismatchException;
import io.holdfast.LockOptions;
import io.holdfast.LockRefusedException;
import io.holdfast.Loss;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Outbox;
import io.holdfast.rules.Event;
import io.holdfast.rules.LockKind;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * One client of an engine: its session, and its local locks by name. Thread-safe.
 *
 * <p>A local lock is found here once and then held strongly by its handles, so the hot path looks
 * nothing up. The registry holds it weakly; what has something at the engine is held strongly by
 * {@link NodeContext#active()}. So idle names cost nothing, and a lock in use is never forgotten.
 */
public final class Node {

  private static final int SWEEPS_PER_RETENTION = 4;

  private final Environment environment;
  private final NodeSettings settings;
  private final NodeContext context;
  private final ConcurrentMap<String, Known> known = new ConcurrentHashMap<>();
  private final ReferenceQueue<LocalLock> collected = new ReferenceQueue<>();
  private final AtomicBoolean closed = new AtomicBoolean();

  /** A node that has not opened its session yet. */
  public Node(Engine engine, Environment environment, NodeSettings settings) {
    this.environment = environment;
    this.settings = settings;
    SessionKeeper keeper =
        new SessionKeeper(engine, settings.terms(), environment, new SessionWatcher());
    Map<String, Participant> active = new ConcurrentHashMap<>();
    this.context =
        new NodeContext(
            environment,
            keeper,
            new CommandSender(environment, keeper::onEnded),
            new DeadlockWatch(engine, environment, keeper, new LocalWaits(active)),
            settings.callbacks(),
            active,
            settings.maxRetained());
  }

  /** Opens the session; completes exceptionally with what the engine says against it. */
  public CompletableFuture<Void> start() {
    sweepLater();
    return context.keeper().start();
  }

  /**
   * The local lock of a name.
   *
   * @throws LockKindMismatchException if this node uses the name for another kind of lock
   * @throws LockRefusedException if this node uses the name with other options
   */
  public LocalLock lock(String name, LockKind kind, LockOptions options) {
    forgetCollected();
    while (true) {
      Known present = known.get(name);
      LocalLock lock = present == null ? null : present.get();
      if (lock != null) {
        return requireSame(lock, kind, options);
      }
      LocalLock made = make(name, kind, options);
      Known entry = new Known(made, collected);
      boolean won =
          present == null
              ? known.putIfAbsent(name, entry) == null
              : known.replace(name, present, entry);
      if (won) {
        return made;
      }
    }
  }

  private LocalLock make(String name, LockKind kind, LockOptions options) {
    boolean direct =
        kind.type() == LockKind.Type.SEMAPHORE || options.fairness() == LockOptions.Fairness.STRICT;
    return direct
        ? new DirectLock(name, kind, options, context)
        : new NodeLock(name, kind, options, context);
  }

  private static LocalLock requireSame(LocalLock lock, LockKind kind, LockOptions options) {
    if (!lock.kind().equals(kind)) {
      throw new LockKindMismatchException(
          "lock "
              + lock.name()
              + " is in use as "
              + lock.kind()
              + " in this node, not as "
              + kind
              + ": use another name, or the same kind everywhere");
    }
    if (!lock.options().equals(options)) {
      throw new LockRefusedException(
          "lock "
              + lock.name()
              + " is in use with "
              + lock.options()
              + " in this node, not with "
              + options
              + ": use the same options, or share the handle");
    }
    return lock;
  }

  private void forgetCollected() {
    for (Reference<?> gone = collected.poll(); gone != null; gone = collected.poll()) {
      if (gone instanceof Known entry) {
        known.remove(entry.name, entry);
      }
    }
  }

  /** Whether the lease can be proven now. */
  public boolean isProven() {
    return context.keeper().isProven();
  }

  /** How many locks of this node have something at the engine: held, waited for or retained. */
  public int activeLocks() {
    return context.active().size();
  }

  /**
   * Ends the session; waiters fail, holds are lost with {@link Loss.Cause#CLOSED}. Idempotent.
   *
   * @return completes when others can have the locks
   */
  public CompletionStage<Void> close() {
    if (!closed.compareAndSet(false, true)) {
      return CompletableFuture.completedFuture(null);
    }
    EngineSession ending = context.keeper().stop();
    // The holders hear of it before anybody else can get in.
    forEachActive(Participant::onClosed);
    return ending == null ? CompletableFuture.completedFuture(null) : ending.close();
  }

  private void forEachActive(Consumer<Participant> action) {
    List.copyOf(context.active().values()).forEach(action);
  }

  private void sweepLater() {
    Duration pause = settings.retainFor().dividedBy(SWEEPS_PER_RETENTION);
    environment.scheduler().schedule(this::sweep, pause);
  }

  private void sweep() {
    if (closed.get()) {
      return;
    }
    long usedBefore =
        environment.ticker().nanoTime() - Environment.saturatedNanos(settings.retainFor());
    forEachActive(lock -> lock.releaseIdle(usedBefore));
    forgetCollected();
    sweepLater();
  }

  /** The registry's entry; it knows its name when the lock is gone. */
  private static final class Known extends WeakReference<LocalLock> {
    private final String name;

    Known(LocalLock lock, ReferenceQueue<LocalLock> collected) {
      super(lock, collected);
      this.name = lock.name();
    }
  }

  private final class SessionWatcher implements SessionKeeper.Watcher {

    @Override
    public void onEvent(String name, Event event) {
      Participant lock = context.active().get(name);
      if (lock != null) {
        lock.onEvent(event);
      } else {
        Outbox outbox = new Outbox();
        context.endUnknown(name, event, outbox);
        outbox.deliver(environment.scheduler());
      }
    }

    @Override
    public void onSuspended() {
      forEachActive(Participant::onSuspended);
    }

    @Override
    public void onActive() {
      forEachActive(Participant::onResumed);
    }

    @Override
    public void onLost() {
      forEachActive(Participant::onSessionLost);
    }
  }
}
