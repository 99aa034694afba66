package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Calls;
import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a connection: makes a new one when it ends, later and later while that fails. */
final class RedisLink {

  private static final Logger LOG = LoggerFactory.getLogger(RedisLink.class);

  private static final Duration CHECK = Duration.ofMillis(500);

  /** How long an attempt may take with all that belongs to it: sentinels, TLS, first questions. */
  private static final Duration ATTEMPT_LIMIT = Duration.ofSeconds(8);

  /** The same for the first attempt: in a process that has just begun, much is to be loaded. */
  static final Duration FIRST_ATTEMPT_LIMIT = Duration.ofSeconds(20);

  private static final int FIRST_PAUSE_MILLIS = 25;
  private static final int PAUSE_BITS = 5;

  /** Makes a connection and readies it. */
  interface Opener extends Function<RedisLink, CompletionStage<Wire>> {}

  private final String where;
  private final Environment environment;
  private final Opener opener;

  // Guarded by this.
  private @Nullable CompletableFuture<Wire> current;
  private @Nullable Wire wire;
  private RuntimeException reason;
  private int failures;
  private boolean begun;
  private boolean closed;

  /**
   * A link that is not connected.
   *
   * @param where the server, without secrets
   */
  RedisLink(String where, Environment environment, Opener opener) {
    this.where = where;
    this.environment = environment;
    this.opener = opener;
    reason = new EngineUnavailableException("not connected to " + where + " yet; retry");
  }

  /** Begins to connect. */
  void start() {
    attempt();
    checkLater();
  }

  /**
   * The connection, or the one that is being made. Fails at once if the last attempt has failed and
   * the next one is not due yet.
   */
  synchronized CompletionStage<Wire> wire() {
    return current != null ? current : CompletableFuture.failedFuture(reason);
  }

  /** Makes a new connection: the server that this one leads to is not the right one any more. */
  void renew() {
    Wire old;
    synchronized (this) {
      old = wire;
    }
    if (old != null) {
      old.cut();
    }
  }

  /** A connection has ended. */
  void lost(Wire ended) {
    synchronized (this) {
      if (closed || wire != ended) {
        return;
      }
      wire = null;
      current = null;
      reason = new EngineUnavailableException("the connection to " + where + " has ended; retry");
    }
    LOG.info("the connection to {} has ended; connecting again", where);
    attempt();
  }

  void close() {
    Wire old;
    CompletableFuture<Wire> pending;
    synchronized (this) {
      closed = true;
      old = wire;
      pending = current;
      wire = null;
      current = null;
      reason = new EngineUnavailableException("this engine has been closed; open another one");
    }
    if (old != null) {
      old.cut();
    }
    if (pending != null) {
      pending.completeExceptionally(reason);
    }
  }

  private void attempt() {
    CompletableFuture<Wire> attempt = new CompletableFuture<>();
    Duration limit;
    synchronized (this) {
      if (closed || current != null) {
        return;
      }
      current = attempt;
      limit = begun ? ATTEMPT_LIMIT : FIRST_ATTEMPT_LIMIT;
      begun = true;
    }
    Environment.Cancellable alarm =
        environment
            .scheduler()
            .schedule(
                () ->
                    failed(
                        attempt,
                        new EngineUnavailableException(
                            "no connection to "
                                + where
                                + " within "
                                + limit.toSeconds()
                                + " s; check that it runs and can be reached, then retry")),
                limit);
    Calls.call(() -> opener.apply(this))
        .whenComplete(
            (made, failure) -> {
              alarm.cancel();
              if (failure != null) {
                failed(attempt, Calls.cause(failure));
              } else {
                made(attempt, made);
              }
            });
  }

  private void made(CompletableFuture<Wire> attempt, Wire made) {
    boolean wanted;
    synchronized (this) {
      wanted = !closed && current == attempt;
      if (wanted) {
        wire = made;
        failures = 0;
      }
    }
    if (!wanted) {
      made.cut();
    } else if (attempt.complete(made)) {
      // It may have ended before anybody listened.
      made.check();
    }
  }

  private void failed(CompletableFuture<Wire> attempt, Throwable failure) {
    RuntimeException meaning = connecting(failure);
    int millis;
    synchronized (this) {
      if (current != attempt || attempt.isDone()) {
        return;
      }
      current = null;
      reason = meaning;
      millis = FIRST_PAUSE_MILLIS << Math.min(failures++, PAUSE_BITS);
    }
    LOG.debug("connecting to {} failed", where, failure);
    attempt.completeExceptionally(meaning);
    long nanos = Duration.ofMillis(millis).toNanos();
    long pause = nanos / 2 + environment.random().nextLong(nanos);
    environment.scheduler().schedule(this::attempt, Duration.ofNanos(pause));
  }

  private RuntimeException connecting(Throwable failure) {
    if (failure instanceof EngineUnavailableException known) {
      return known;
    }
    StringBuilder text = new StringBuilder();
    String last = "";
    for (Throwable each = failure; each != null; each = each.getCause()) {
      String message = String.valueOf(each.getMessage());
      if (!last.contains(message)) {
        text.append(text.isEmpty() ? "" : ": ").append(message);
        last = message;
      }
    }
    return new EngineUnavailableException(
        "cannot connect to "
            + where
            + " ("
            + text
            + "); "
            + RedisErrors.connectAdvice(text.toString()),
        failure);
  }

  private void checkLater() {
    environment.scheduler().schedule(this::check, CHECK);
  }

  private void check() {
    Wire present;
    synchronized (this) {
      if (closed) {
        return;
      }
      present = wire;
    }
    if (present != null) {
      present.check();
    }
    checkLater();
  }
}
