package io.holdfast.zookeeper;

import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.Watcher;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session that was opened here: its node, its mailbox, its alarm. Thread-safe.
 *
 * <p>It is bound to the ZooKeeper session that made its node, because the node ends with that one.
 * A renewal over a later ZooKeeper session would find the node still there for a while and prove
 * nothing.
 */
final class OwnSession {

  private static final Logger LOG = LoggerFactory.getLogger(OwnSession.class);
  private static final Duration DELETE_AGAIN = Duration.ofMillis(200);

  private final long id;
  private final Layout layout;
  private final Connection connection;
  private final Wire wire;
  private final SessionTerms terms;
  private final Watcher watcher;
  private final Environment environment;

  // Guarded by this.
  private byte @Nullable [] report;
  private long askedAt;
  private boolean over;
  private Environment.Cancellable alarm = () -> {};

  /** A session whose number has been drawn and whose node is still to be made. */
  OwnSession(long id, Layout layout, Link link, SessionTerms terms, Consumer<String> onWake) {
    this.id = id;
    this.layout = layout;
    this.connection = link.connection();
    this.wire = link.wire();
    this.environment = link.environment();
    this.terms = terms;
    this.watcher = Mailboxes.watcher(id, layout.mailbox(id), onWake);
    this.askedAt = environment.ticker().nanoTime();
  }

  /**
   * What a session lives on.
   *
   * @param connection reconnects
   * @param wire its ZooKeeper session at present
   */
  record Link(Connection connection, Wire wire, Environment environment) {}

  long id() {
    return id;
  }

  private String path() {
    return layout.session(id);
  }

  private byte[] content() {
    return new SessionNode(terms, report).encode();
  }

  /** Makes the node and opens the mailbox. */
  synchronized CompletableFuture<Long> open() {
    askedAt = environment.ticker().nanoTime();
    CompletableFuture<Wire.Answer> watched = wire.watch(layout.mailbox(id), watcher);
    CompletableFuture<Wire.Answer> made = wire.create(path(), content(), CreateMode.EPHEMERAL);
    setAlarm();
    return made.thenCombine(
        watched,
        (node, mailbox) -> {
          if (!node.ok()) {
            throw Failures.unavailable(path(), node.code());
          }
          return id;
        });
  }

  /**
   * Renews the session: a write, which takes effect at the quorum if the node is there and at no
   * other time. Its version counts the renewals for those who watch from elsewhere.
   *
   * @return whether the session lives
   */
  synchronized CompletableFuture<Boolean> renew() {
    if (over || !connection.keeps(wire)) {
      return CompletableFuture.completedFuture(false);
    }
    askedAt = environment.ticker().nanoTime();
    return wire.set(path(), content(), -1).thenApply(Wire.Answer::ok);
  }

  synchronized CompletableFuture<Void> publish(byte[] news) {
    report = news.clone();
    if (over || !connection.keeps(wire)) {
      return CompletableFuture.completedFuture(null);
    }
    return wire.set(path(), content(), -1).thenApply(answer -> null);
  }

  /** Ends the session. If the server does not answer, goes on trying as long as it matters. */
  CompletionStage<Void> end() {
    long now;
    synchronized (this) {
      if (over) {
        return CompletableFuture.completedFuture(null);
      }
      over = true;
      alarm.cancel();
      now = environment.ticker().nanoTime();
    }
    wire.unwatch(layout.mailbox(id), watcher);
    return delete(now);
  }

  private CompletionStage<Void> delete(long begun) {
    return delete()
        .whenComplete(
            (gone, failure) -> {
              long tried = environment.ticker().nanoTime() - begun;
              if (failure != null && tried < terms.ttl().toNanos()) {
                environment.scheduler().schedule(() -> delete(begun), DELETE_AGAIN);
              }
            });
  }

  /** The node may outlive its ZooKeeper session for a while: any session may delete it. */
  private CompletableFuture<Void> delete() {
    try {
      Wire present = connection.keeps(wire) ? wire : connection.wire();
      return present.delete(path(), -1).thenApply(answer -> null);
    } catch (RuntimeException noConnection) {
      return CompletableFuture.failedFuture(noConnection);
    }
  }

  private void setAlarm() {
    alarm = environment.scheduler().schedule(this::checkRenewal, terms.ttl());
  }

  /**
   * ZooKeeper keeps the node as long as this process answers; the promise is that it ends when
   * nobody asks for renewals any more. If even this alarm is stuck, those who wait notice that the
   * version stands still.
   */
  private void checkRenewal() {
    synchronized (this) {
      long left = askedAt + terms.ttl().toNanos() - environment.ticker().nanoTime();
      if (over || left > 0) {
        if (!over) {
          alarm = environment.scheduler().schedule(this::checkRenewal, Duration.ofNanos(left));
        }
        return;
      }
    }
    LOG.debug("session {} has not been renewed for {}; ending it", id, terms.ttl());
    end();
  }
}
