package io.holdfast.tck;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment.Cancellable;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/** A node as an engine sees it: a session that is renewed in time, and a recorder of its events. */
final class LabNode {

  private final Lab lab;
  private final Engine engine;
  private final SessionTerms terms;
  private final Recorder recorder;
  private final EngineSession session;
  private final AtomicLong requests = new AtomicLong();
  private volatile boolean renewing = true;
  private volatile CompletableFuture<Void> renewal = CompletableFuture.completedFuture(null);
  private volatile Cancellable next = () -> {};
  private long lastAsked;
  private long lastAnswered;

  LabNode(Lab lab, Engine engine, SessionTerms terms) {
    this.lab = lab;
    this.engine = engine;
    this.terms = terms;
    this.recorder = new Recorder(lab::nanoTime);
    this.session = lab.await(engine.openSession(terms, recorder));
    scheduleRenewal();
  }

  private void scheduleRenewal() {
    next = lab.environment().scheduler().schedule(this::renewOnce, terms.ttl().dividedBy(5));
  }

  private void renewOnce() {
    if (renewing) {
      renewal = session.renew().toCompletableFuture();
      scheduleRenewal();
    }
  }

  /** Renews no longer. */
  void stopRenewing() {
    renewing = false;
    next.cancel();
  }

  /** Renews once more and then never again, as a client that crashed. */
  LabNode abandon() {
    stopRenewing();
    // Work that had already begun may still renew once: it runs before this on the one thread.
    CompletableFuture<Void> drained = new CompletableFuture<>();
    lab.environment().scheduler().schedule(() -> drained.complete(null), Duration.ZERO);
    lab.await(drained);
    lab.await(renewal.exceptionally(failed -> null));
    lastAsked = lab.nanoTime();
    lab.await(session.renew());
    lastAnswered = lab.nanoTime();
    lab.kit().abandon(session);
    return this;
  }

  /** When the last renewal was asked for. */
  long lastAsked() {
    return lastAsked;
  }

  /** When the last renewal was answered. */
  long lastAnswered() {
    return lastAnswered;
  }

  Engine engine() {
    return engine;
  }

  SessionTerms terms() {
    return terms;
  }

  EngineSession session() {
    return session;
  }

  /** What the session has heard up to now. */
  Recorder recorder() {
    lab.settle();
    return recorder;
  }

  Lab lab() {
    return lab;
  }

  /** Ends the session by choice. */
  void close() {
    stopRenewing();
    lab.await(session.close());
  }

  /** A request for a plain lock. */
  Ticket mutex(String name) {
    return ticket(name, LockKind.MUTEX, Mode.EXCLUSIVE);
  }

  /** A request to write under a read-write lock. */
  Ticket writer(String name) {
    return ticket(name, LockKind.READ_WRITE, Mode.EXCLUSIVE);
  }

  /** A request to read under a read-write lock. */
  Ticket reader(String name) {
    return ticket(name, LockKind.READ_WRITE, Mode.SHARED);
  }

  /** A request for some of the permits of a semaphore. */
  Ticket permits(String name, int count, int of) {
    return ticket(name, LockKind.semaphore(of), Mode.permits(count));
  }

  private Ticket ticket(String name, LockKind kind, Mode mode) {
    RequestId request = new RequestId(session.id(), requests.incrementAndGet());
    return new Ticket(
        this,
        name,
        new Command.Acquire(request, kind, mode, "owner", false, Command.Patience.QUEUE));
  }

  /** Submits a command until it is answered, as the contract asks of a node. */
  Reply ask(String name, Command command) {
    long deadline = lab.nanoTime() + lab.kit().patience().toNanos();
    while (true) {
      try {
        return lab.await(session.submit(name, command));
      } catch (EngineUnavailableException | OutcomeUnknownException again) {
        if (lab.nanoTime() - deadline > 0) {
          throw again;
        }
        lab.pass(Duration.ofMillis(20));
      }
    }
  }
}
