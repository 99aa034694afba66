package io.holdfast;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.LockNames;
import io.holdfast.node.LocalLock;
import io.holdfast.node.Node;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node: this process as a client of a lock engine, with one session for all its locks. Open one
 * for the process, share it, and close it at the end; a shutdown hook closes it otherwise.
 * Thread-safe.
 *
 * <pre>{@code
 * try (Holdfast locks = Holdfast.connect("file:/var/lib/app/locks")) {
 *   DistributedLock month = locks.lock("ledger/2026-11");
 *   try (Hold hold = month.acquire()) {
 *     ledger.append(entries, hold.token());
 *   }
 * }
 * }</pre>
 */
public final class Holdfast implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Holdfast.class);

  /** For how long {@link #close()} waits for the engine to release everything. */
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  /** How far a call may go beyond its deadline to say who was in the way. */
  private static final Duration EXPLAIN_LIMIT = Duration.ofMillis(30);

  private final Engine engine;
  private final Environment environment;
  private final boolean ownsEnvironment;
  private final Node node;
  private final Duration operationTimeout;
  private final Inspector inspector;
  private final AtomicBoolean closed = new AtomicBoolean();
  private @Nullable Thread shutdownHook;

  Holdfast(
      Engine engine,
      Environment environment,
      boolean ownsEnvironment,
      Node node,
      Duration operationTimeout) {
    this.engine = engine;
    this.environment = environment;
    this.ownsEnvironment = ownsEnvironment;
    this.node = node;
    this.operationTimeout = operationTimeout;
    this.inspector = new Inspector(engine, environment, operationTimeout);
  }

  /**
   * Connects with default settings.
   *
   * @param uri the engine, for example {@code memory:} or {@code file:/var/lib/app/locks}
   * @throws IllegalArgumentException if the URI names no known engine; the message lists them
   * @throws EngineUnavailableException if the engine cannot be used; the message says what to check
   */
  public static Holdfast connect(String uri) {
    return builder(uri).connect();
  }

  /**
   * Connects with settings.
   *
   * @param uri as in {@link #connect(String)}
   */
  public static HoldfastBuilder builder(String uri) {
    return new HoldfastBuilder(uri);
  }

  /**
   * A lock with default options.
   *
   * @param name what is protected: 1 to 512 bytes of UTF-8, by convention a path with {@code /}
   * @throws IllegalArgumentException if the name is empty, too long or no valid Unicode
   * @throws LockKindMismatchException if this node uses the name for another kind of lock
   */
  public DistributedLock lock(String name) {
    return lock(name, LockOptions.DEFAULT);
  }

  /**
   * A lock with options.
   *
   * @param name as in {@link #lock(String)}
   * @param options how this node treats the lock
   * @throws LockRefusedException if this node uses the lock with other options
   */
  public DistributedLock lock(String name, LockOptions options) {
    return new DistributedLock(local(name, LockKind.MUTEX, options), Mode.EXCLUSIVE, this);
  }

  /**
   * A read-write lock with default options.
   *
   * @param name as in {@link #lock(String)}
   */
  public DistributedReadWriteLock readWriteLock(String name) {
    return readWriteLock(name, LockOptions.DEFAULT);
  }

  /**
   * A read-write lock with options.
   *
   * @param name as in {@link #lock(String)}
   * @param options how this node treats the lock
   * @throws LockRefusedException if this node uses the lock with other options
   */
  public DistributedReadWriteLock readWriteLock(String name, LockOptions options) {
    return new DistributedReadWriteLock(local(name, LockKind.READ_WRITE, options), this);
  }

  /**
   * A semaphore.
   *
   * @param name as in {@link #lock(String)}
   * @param permits how many permits there are, 1 or more; the same everywhere
   * @throws LockKindMismatchException if this node uses the name otherwise
   */
  public DistributedSemaphore semaphore(String name, int permits) {
    return semaphore(name, permits, LockOptions.DEFAULT);
  }

  /**
   * A semaphore with options. It is granted in order of arrival and never retained, whatever they
   * say of that.
   *
   * @param name as in {@link #lock(String)}
   * @param permits how many permits there are, 1 or more; the same everywhere
   * @param options how this node treats the semaphore
   * @throws LockKindMismatchException if this node uses the name otherwise
   * @throws LockRefusedException if this node uses the semaphore with other options
   */
  public DistributedSemaphore semaphore(String name, int permits, LockOptions options) {
    LockKind kind = DistributedSemaphore.kind(permits);
    return new DistributedSemaphore(local(name, kind, options), this);
  }

  /**
   * Several locks that are acquired together.
   *
   * @param names one or more, each as in {@link #lock(String)}; a repeated one counts once
   */
  public MultiLock lockAll(String... names) {
    if (names.length == 0) {
      throw new IllegalArgumentException("lockAll needs a name; give one or more");
    }
    List<DistributedLock> sorted =
        Arrays.stream(names).distinct().sorted().map(this::lock).toList();
    return new MultiLock(sorted, environment.ticker()::nanoTime);
  }

  /** Shows who holds what and who waits. */
  public Inspector inspector() {
    return inspector;
  }

  /** Whether the lease of this node can be proven now, so that locks can be had. */
  public boolean isActive() {
    return node.isProven();
  }

  /**
   * Releases everything, so that others can have it within milliseconds: waiters fail with {@link
   * IllegalStateException}, holds are lost with {@link Loss.Cause#CLOSED}. Idempotent. Waits at
   * most 2 seconds for the engine; what it did not hear of, it frees when the lease expires.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    forgetShutdownHook();
    CompletionStage<Void> ended = node.close();
    try {
      Inspector.await(environment, ended, CLOSE_LIMIT);
    } catch (RuntimeException unheard) {
      LOG.warn("the engine has not confirmed the end of the session; it will expire", unheard);
    }
    engine.close();
    if (ownsEnvironment) {
      environment.scheduler().close();
    }
  }

  private LocalLock local(String name, LockKind kind, LockOptions options) {
    if (options.followPermits() && kind.type() != LockKind.Type.SEMAPHORE) {
      throw new IllegalArgumentException(
          "lock " + name + " has no permits to follow: give followPermits to a semaphore only");
    }
    return node.lock(LockNames.require(name), kind, options);
  }

  Environment environment() {
    return environment;
  }

  Duration operationTimeout() {
    return operationTimeout;
  }

  LockTimeoutException timedOut(String name, Duration wait) {
    LockReport report = null;
    try {
      report =
          Inspector.await(environment, engine.read(name), EXPLAIN_LIMIT)
              .map(LockReport::of)
              .orElse(null);
    } catch (RuntimeException unknown) {
      LOG.debug("cannot tell who holds {}", name, unknown);
    }
    Instant now = Instant.ofEpochMilli(environment.ticker().epochMillis());
    String holder = report == null ? name : report.describe(now);
    return new LockTimeoutException(
        "not granted within " + wait + ": " + holder + "; wait longer, or look at the holder",
        report);
  }

  void closeAtShutdown() {
    Thread hook = new Thread(this::close, "holdfast-shutdown");
    shutdownHook = hook;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void forgetShutdownHook() {
    Thread hook = shutdownHook;
    if (hook != null && hook != Thread.currentThread()) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException shuttingDown) {
        LOG.trace("the JVM is shutting down already", shuttingDown);
      }
    }
  }
}
