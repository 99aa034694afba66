package io.holdfast.node;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Calls;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.engine.Outbox;
import io.holdfast.engine.SessionEndedException;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Event;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the node's one session alive and knows until when that can be proven.
 *
 * <pre>
 *   OPENING → ACTIVE ⇄ SUSPENDED       CLOSED from everywhere
 *       ↑________|__________|          when the engine says that the session is gone,
 *                                      or has not answered for two TTLs
 * </pre>
 *
 * <p>The lease (Gray and Cheriton, "Leases", SOSP 1989): with TTL T the node counts {@code T_c =
 * T·(1−ρ)/(1+ρ) − δ} from just before each renewal is sent, so that it stops believing before the
 * engine can, even when both clocks err by ρ in opposite directions. It renews every T_c/3 and
 * retries after T_c/12; one failed renewal loses nothing.
 */
final class SessionKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(SessionKeeper.class);

  /** ρ: how much faster or slower than real time a clock may run. */
  private static final double CLOCK_ERROR = 0.01;

  /** δ: for the way from the deadline check to the first instruction that it protects. */
  private static final long MARGIN_NANOS = Duration.ofMillis(50).toNanos();

  /** A wall clock that gains this much on the monotonic one says that the machine slept. */
  private static final long SLEEP_MILLIS = 1_000;

  /** After how many TTLs without an answer a session is given up. */
  private static final int HOPELESS_TTLS = 2;

  /** How long the opening of a session may take before it is tried again. */
  private static final Duration OPEN_LIMIT = Duration.ofSeconds(5);

  private static final Duration FIRST_REOPEN = Duration.ofMillis(50);

  /** What the node wants to hear; calls come in order and hold no guard of the keeper. */
  interface Watcher {
    void onEvent(String name, Event event);

    /** The lease has run out; nobody else can have the locks yet, but soon may. */
    void onSuspended();

    /** The lease is proven (again), perhaps before it was noticed that it was not. */
    void onActive();

    void onLost();
  }

  private enum State {
    OPENING,
    ACTIVE,
    SUSPENDED,
    CLOSED
  }

  private final Engine engine;
  private final SessionTerms terms;
  private final Environment environment;
  private final Watcher watcher;
  private final long leaseNanos;
  private final CompletableFuture<Void> firstOpen = new CompletableFuture<>();
  private final AtomicLong requests = new AtomicLong();
  private final ReentrantLock guard = new ReentrantLock();
  private final Outbox told = new Outbox();

  private State state = State.OPENING;
  private volatile @Nullable EngineSession session;
  private volatile long deadline;
  private volatile boolean closed;
  private volatile @Nullable Throwable trouble;

  /** When the last renewal was sent that was answered. */
  private long provenAt;

  private Cancellable nextRenewal = () -> {};
  private long wallAhead;
  private int reopenings;

  /** Whether the timer that follows the deadline is running. */
  private boolean watching;

  SessionKeeper(Engine engine, SessionTerms terms, Environment environment, Watcher watcher) {
    this.engine = engine;
    this.terms = terms;
    this.environment = environment;
    this.watcher = watcher;
    double counted = terms.ttl().toNanos() * (1 - CLOCK_ERROR) / (1 + CLOCK_ERROR);
    this.leaseNanos = (long) counted - MARGIN_NANOS;
    this.deadline = environment.ticker().nanoTime();
    this.wallAhead = wallAhead();
  }

  /** Opens the first session; completes exceptionally if the engine refuses. */
  CompletableFuture<Void> start() {
    open();
    return firstOpen;
  }

  /** Whether holds can be proven now. Reads the clock: a cached reading is stale by a pause. */
  boolean isProven() {
    return isProven(environment.ticker().nanoTime());
  }

  /** Whether holds can be proven at a reading of the ticker that was just taken. */
  boolean isProven(long now) {
    return now - deadline < 0;
  }

  /** How long holds can still be proven without another renewal; zero or less if they cannot. */
  long provenNanos() {
    return deadline - environment.ticker().nanoTime();
  }

  /** What the node says of itself. */
  SessionTerms terms() {
    return terms;
  }

  /** The open session; {@code null} while there is none. */
  @Nullable EngineSession session() {
    return session;
  }

  /** Whether {@link #stop} was called. */
  boolean isClosed() {
    return closed;
  }

  /** Why there is no session or no proof, if known. */
  @Nullable Throwable trouble() {
    return trouble;
  }

  /** A request name that this session never used. */
  RequestId nextRequest(EngineSession of) {
    return new RequestId(of.id(), requests.incrementAndGet());
  }

  /**
   * Proves and renews nothing any more.
   *
   * @return the session, to be closed by the caller; {@code null} if there is none
   */
  @Nullable EngineSession stop() {
    guard.lock();
    try {
      state = State.CLOSED;
      closed = true;
      EngineSession ending = session;
      session = null;
      deadline = environment.ticker().nanoTime();
      nextRenewal.cancel();
      return ending;
    } finally {
      guard.unlock();
    }
  }

  /** An answer of the engine said that a session is gone. */
  void onEnded(EngineSession ended) {
    guard.lock();
    try {
      if (session != ended || state == State.CLOSED) {
        return;
      }
      session = null;
      state = State.OPENING;
      deadline = environment.ticker().nanoTime();
      nextRenewal.cancel();
      LOG.warn("session {} of node {} has ended; opening a new one", ended.id(), terms.node());
      told.post(watcher::onLost);
      // Not before every lock has forgotten the old session, which another thread may still be
      // busy with: the next session's proof would count for holds and grants of the old one.
      told.post(this::reopen);
    } finally {
      guard.unlock();
    }
    told.deliver(environment.scheduler());
  }

  @SuppressWarnings("FutureReturnValueIgnored") // Only reacts; it cannot fail.
  private void open() {
    long sentAt = environment.ticker().nanoTime();
    Ears ears = new Ears();
    CompletableFuture<EngineSession> opening = new CompletableFuture<>();
    Cancellable alarm = firstOpen.isDone() ? giveUpLater(opening) : () -> {};
    Calls.call(() -> engine.openSession(terms, ears))
        .whenComplete(
            (opened, problem) -> {
              if (problem != null) {
                opening.completeExceptionally(problem);
              } else if (!opening.complete(opened)) {
                // Another one has been asked for.
                opened.close();
              }
            });
    opening.whenComplete(
        (opened, problem) -> {
          alarm.cancel();
          if (opened != null) {
            onOpened(opened, sentAt);
            ears.belongTo(opened);
          } else {
            onOpenFailed(Calls.cause(problem));
          }
        });
  }

  /** The first opening is waited for by whoever connects, who has a limit of his own. */
  private Cancellable giveUpLater(CompletableFuture<EngineSession> opening) {
    return environment
        .scheduler()
        .schedule(
            () ->
                opening.completeExceptionally(
                    new EngineUnavailableException(
                        "the engine has not opened a session within "
                            + OPEN_LIMIT
                            + "; check it, it is asked again")),
            OPEN_LIMIT);
  }

  private void onOpened(EngineSession opened, long sentAt) {
    boolean late;
    guard.lock();
    try {
      late = state == State.CLOSED;
      if (!late) {
        session = opened;
        provenAt = sentAt;
        state = State.SUSPENDED;
        reopenings = 0;
        proven(sentAt);
      }
    } finally {
      guard.unlock();
    }
    if (late) {
      opened.close();
    } else {
      watchDeadline();
      told.deliver(environment.scheduler());
      firstOpen.complete(null);
    }
  }

  private void onOpenFailed(Throwable problem) {
    trouble = problem;
    if (firstOpen.completeExceptionally(problem)) {
      return;
    }
    guard.lock();
    try {
      if (state != State.CLOSED) {
        long pause = FIRST_REOPEN.toNanos() << Math.min(reopenings++, 5);
        long jitter = environment.random().nextLong(pause);
        environment.scheduler().schedule(this::reopen, Duration.ofNanos(pause / 2 + jitter));
      }
    } finally {
      guard.unlock();
    }
  }

  private void reopen() {
    guard.lock();
    try {
      if (state != State.OPENING) {
        return;
      }
    } finally {
      guard.unlock();
    }
    open();
  }

  /** Guarded. The engine has renewed: everything is proven from the moment of sending on. */
  private void proven(long sentAt) {
    if (sentAt - provenAt > 0) {
      provenAt = sentAt;
    }
    long now = environment.ticker().nanoTime();
    boolean unproven = state == State.SUSPENDED || !isProven(now);
    long until = sentAt + leaseNanos;
    if (until - deadline > 0) {
      deadline = until;
    }
    trouble = null;
    if (unproven && isProven(now)) {
      // Also if nobody has noticed the lapse: what was granted meanwhile waits to be handed out.
      state = State.ACTIVE;
      told.post(watcher::onActive);
    }
    renewAfter(Math.max(0, sentAt + leaseNanos / 3 - now));
  }

  /** Guarded. */
  private void renewAfter(long nanos) {
    nextRenewal.cancel();
    nextRenewal = environment.scheduler().scheduleUrgent(this::renew, Duration.ofNanos(nanos));
  }

  private void renew() {
    EngineSession renewing;
    boolean hopeless;
    long sentAt = environment.ticker().nanoTime();
    guard.lock();
    try {
      renewing = session;
      if (state == State.CLOSED || renewing == null) {
        return;
      }
      hopeless = sentAt - provenAt > HOPELESS_TTLS * terms.ttl().toNanos();
      if (!hopeless) {
        doubtAfterSleep(sentAt);
        // In case this attempt is never answered; an answer replaces it.
        renewAfter(leaseNanos / 6);
      }
    } finally {
      guard.unlock();
    }
    if (hopeless) {
      abandon(renewing);
      return;
    }
    CompletionStage<Void> renewal = Calls.call(renewing::renew);
    renewal.whenComplete(
        (done, problem) ->
            onRenewed(renewing, sentAt, problem == null ? null : Calls.cause(problem)));
  }

  /**
   * The engine may hear the renewals while its answers are lost: then the session would keep locks
   * from everybody for ever, and prove nothing to anybody.
   */
  private void abandon(EngineSession unproven) {
    onEnded(unproven);
    unproven.close();
  }

  private void onRenewed(EngineSession renewed, long sentAt, @Nullable Throwable problem) {
    if (problem instanceof SessionEndedException) {
      onEnded(renewed);
      return;
    }
    guard.lock();
    try {
      if (session != renewed || state == State.CLOSED) {
        return;
      }
      if (problem == null) {
        proven(sentAt);
      } else {
        trouble = problem;
        LOG.debug("renewal of session {} failed, will be repeated", renewed.id(), problem);
        renewAfter(leaseNanos / 12);
      }
    } finally {
      guard.unlock();
    }
    if (problem == null) {
      watchDeadline();
    }
    told.deliver(environment.scheduler());
  }

  /**
   * Guarded. The monotonic clock of some systems stands still while the machine sleeps, the
   * engine's does not. Until the engine confirms the session nothing is proven.
   */
  private void doubtAfterSleep(long now) {
    long ahead = wallAhead();
    if (ahead - wallAhead > SLEEP_MILLIS && state == State.ACTIVE) {
      LOG.warn(
          "the wall clock of node {} gained {} ms: asking whether the session still lives",
          terms.node(),
          ahead - wallAhead);
      deadline = now;
      environment
          .scheduler()
          .scheduleUrgent(this::suspendIfUnproven, Duration.ofNanos(leaseNanos / 12));
    }
    wallAhead = ahead;
  }

  private long wallAhead() {
    Environment.Ticker ticker = environment.ticker();
    return ticker.epochMillis() - Duration.ofNanos(ticker.nanoTime()).toMillis();
  }

  /** There is one timer chain; it follows the deadline as renewals move it. */
  private void watchDeadline() {
    guard.lock();
    try {
      if (watching) {
        return;
      }
      watching = true;
    } finally {
      guard.unlock();
    }
    scheduleWatch();
  }

  private void scheduleWatch() {
    long left = Math.max(0, provenNanos());
    environment.scheduler().scheduleUrgent(this::watch, Duration.ofNanos(left));
  }

  private void watch() {
    boolean again;
    guard.lock();
    try {
      again = state == State.ACTIVE && isProven();
      watching = again;
    } finally {
      guard.unlock();
    }
    if (again) {
      scheduleWatch();
    } else {
      suspendIfUnproven();
    }
  }

  private void suspendIfUnproven() {
    guard.lock();
    try {
      if (state != State.ACTIVE || isProven()) {
        return;
      }
      state = State.SUSPENDED;
      LOG.warn(
          "node {} cannot prove its lease any more: its holds are lost; still renewing",
          terms.node(),
          trouble);
      told.post(watcher::onSuspended);
    } finally {
      guard.unlock();
    }
    told.deliver(environment.scheduler());
  }

  /** What one session hears; it may hear of its end before it is known here. */
  private final class Ears implements SessionListener {
    private @Nullable EngineSession mine;
    private boolean expired;

    void belongTo(EngineSession opened) {
      boolean late;
      guard.lock();
      try {
        mine = opened;
        late = expired;
      } finally {
        guard.unlock();
      }
      if (late) {
        onEnded(opened);
      }
    }

    @Override
    public void onEvent(String name, Event event) {
      watcher.onEvent(name, event);
    }

    @Override
    public void onExpired() {
      EngineSession gone;
      guard.lock();
      try {
        expired = true;
        gone = mine;
      } finally {
        guard.unlock();
      }
      if (gone != null) {
        onEnded(gone);
      }
    }
  }
}
