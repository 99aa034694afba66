package io.holdfast.engine;

import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session of a {@link StoreEngine}: its locks, its listener, its end. */
final class StoreSession implements EngineSession {

  private static final Logger LOG = LoggerFactory.getLogger(StoreSession.class);

  /** How many records are cleaned up at once when a session is closed. */
  private static final int CLOSE_LANES = 64;

  /** How long a close cleans up records before it leaves the rest to whoever wants them. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(1);

  private enum State {
    OPEN,
    /** Its node has closed it; its records are being cleaned up. */
    CLOSING,
    ENDED
  }

  private final StoreEngine engine;
  private final long id;
  private final SessionTerms terms;
  private final SessionListener listener;
  private final ConcurrentMap<String, StoreLock> locks = new ConcurrentHashMap<>();
  private final AtomicReference<State> state = new AtomicReference<>(State.OPEN);
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private volatile String reason = "its node has closed it";

  private final Outbox outbox = new Outbox();

  /** When to look at locks again, by name; see {@link #lookLater}. */
  private final ConcurrentMap<String, Long> laterLooks = new ConcurrentHashMap<>();

  /** A session that the store has just opened. */
  StoreSession(StoreEngine engine, long id, SessionTerms terms, SessionListener listener) {
    this.engine = engine;
    this.id = id;
    this.terms = terms;
    this.listener = listener;
  }

  @Override
  public long id() {
    return id;
  }

  StoreEngine engine() {
    return engine;
  }

  @Override
  public CompletionStage<Reply> submit(String name, Command command) {
    LockNames.require(name);
    requireOwn(command);
    CompletableFuture<Reply> reply = new CompletableFuture<>();
    RuntimeException refusal = engine.stopped();
    if (refusal == null) {
      refusal = refusal(command);
    }
    if (refusal != null) {
      reply.completeExceptionally(refusal);
      return reply;
    }
    while (!lock(name).submit(command, reply)) {
      // It went out of use between the look-up and the call.
      Thread.onSpinWait();
    }
    return reply;
  }

  @Override
  public CompletionStage<Void> renew() {
    CompletableFuture<Void> renewed = new CompletableFuture<>();
    if (state.get() != State.OPEN) {
      renewed.completeExceptionally(ended());
      return renewed;
    }
    Calls.call(
        () -> engine.store().renewSession(id),
        alive -> {
          if (alive) {
            renewed.complete(null);
          } else {
            expire();
            renewed.completeExceptionally(ended());
          }
        },
        renewed::completeExceptionally);
    return renewed;
  }

  @Override
  public CompletionStage<Void> report(WaitReport report) {
    return state.get() == State.OPEN
        ? Calls.call(() -> engine.store().publish(id, report.encode()))
        : CompletableFuture.failedFuture(ended());
  }

  @Override
  public void remind(String name, Set<Long> sessions) {
    engine.wake(sessions, name);
  }

  /**
   * The records first, then the session: as long as it lives, nobody else spends time on them, and
   * afterwards whatever was missed is dropped by whoever comes across it.
   */
  @Override
  public CompletionStage<Void> close() {
    if (!state.compareAndSet(State.OPEN, State.CLOSING)) {
      return closed;
    }
    CompletableFuture<Void> cleaned = releaseAll(List.copyOf(locks.values()));
    Environment.Cancellable impatience =
        engine.environment().scheduler().schedule(() -> cleaned.complete(null), CLOSE_PATIENCE);
    Calls.after(
        cleaned,
        () -> {
          impatience.cancel();
          closeAtStore();
        });
    return closed;
  }

  private CompletableFuture<Void> releaseAll(List<StoreLock> all) {
    Queue<StoreLock> rest = new ConcurrentLinkedQueue<>(all);
    List<CompletableFuture<Void>> lanes = new ArrayList<>();
    for (int lane = 0; lane < Math.min(all.size(), CLOSE_LANES); lane++) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      releaseNext(rest, done);
      lanes.add(done);
    }
    return CompletableFuture.allOf(lanes.toArray(CompletableFuture<?>[]::new));
  }

  private void releaseNext(Queue<StoreLock> rest, CompletableFuture<Void> done) {
    for (StoreLock lock = rest.poll(); lock != null; lock = rest.poll()) {
      CompletableFuture<Reply> released = lock.releaseAll();
      if (!released.isDone()) {
        Calls.after(released, () -> releaseNext(rest, done));
        return;
      }
    }
    done.complete(null);
  }

  private void closeAtStore() {
    Calls.call(
        () -> engine.store().closeSession(id),
        gone -> {
          end();
          closed.complete(null);
        },
        failure -> {
          end();
          closed.completeExceptionally(failure);
        });
  }

  /** The engine has learned that the session is gone for good. */
  void expire() {
    reason = "it was not renewed in time, or was ended at the store";
    if (end() == State.OPEN) {
      outbox.post(listener::onExpired);
      outbox.deliver(engine.environment().scheduler());
      closed.complete(null);
    }
  }

  /** The engine is closed, and its sessions with it. */
  void drop() {
    reason = "its engine was closed";
    if (end() == State.OPEN) {
      closed.complete(null);
    }
  }

  private State end() {
    State before = state.getAndSet(State.ENDED);
    engine.forget(this);
    List<StoreLock> left = List.copyOf(locks.values());
    locks.clear();
    laterLooks.clear();
    left.forEach(StoreLock::abandon);
    return before;
  }

  /** Why the session may not carry out a command; only the clean-up runs while it closes. */
  @Nullable SessionEndedException refusal(@Nullable Command command) {
    State now = state.get();
    boolean fine = now == State.OPEN || (now == State.CLOSING && command instanceof Command.Expire);
    return fine ? null : ended();
  }

  SessionEndedException ended() {
    return new SessionEndedException(id, reason);
  }

  /** Looks at a lock, known or not, because somebody said that there is something to see. */
  void wake(String name) {
    while (state.get() == State.OPEN && !lock(name).wake()) {
      // It went out of use between the look-up and the call.
      Thread.onSpinWait();
    }
  }

  /**
   * Looks at a lock after a TTL, because a look failed, or because a write went unanswered, which
   * by then has arrived or never will. One look for all the reasons there are until then.
   */
  void lookLater(String name) {
    if (engine.stopped() != null) {
      return;
    }
    long at = engine.environment().ticker().nanoTime() + terms.ttl().toNanos();
    if (laterLooks.put(name, at) == null) {
      engine.environment().scheduler().schedule(() -> lookWhenDue(name), terms.ttl());
    }
  }

  private void lookWhenDue(String name) {
    Long at = laterLooks.get(name);
    if (at == null) {
      return;
    }
    long early = at - engine.environment().ticker().nanoTime();
    if (early > 0) {
      Duration rest = Duration.ofNanos(early);
      engine.environment().scheduler().schedule(() -> lookWhenDue(name), rest);
    } else {
      laterLooks.remove(name);
      wake(name);
    }
  }

  /** Something that was ours is gone: maybe because we are. */
  void checkLife() {
    Calls.call(
        () -> engine.store().findDead(Set.of(id)),
        dead -> {
          if (dead.contains(id)) {
            expire();
          }
        },
        failure -> LOG.debug("session {} could not be checked; a renewal will tell", id, failure));
  }

  /** Tells the listener, unless the session has ended by then. */
  void tell(String name, List<Event> events) {
    for (Event event : events) {
      outbox.post(
          () -> {
            if (state.get() == State.OPEN) {
              listener.onEvent(name, event);
            }
          });
    }
    outbox.deliver(engine.environment().scheduler());
  }

  void forget(String name, StoreLock lock) {
    locks.remove(name, lock);
  }

  /** How many locks the session has anything to do with. */
  int interest() {
    return locks.size();
  }

  private StoreLock lock(String name) {
    return locks.computeIfAbsent(name, created -> new StoreLock(this, created));
  }

  private void requireOwn(Command command) {
    RequestId request = request(command);
    if (request == null || request.session() != id) {
      throw new IllegalArgumentException(
          "session " + id + " cannot submit " + command + "; a session speaks for itself only");
    }
  }

  private static @Nullable RequestId request(Command command) {
    if (command instanceof Command.Acquire acquire) {
      return acquire.request();
    } else if (command instanceof Command.Release release) {
      return release.request();
    } else if (command instanceof Command.Cancel cancel) {
      return cancel.request();
    } else if (command instanceof Command.Decline decline) {
      return decline.request();
    } else if (command instanceof Command.Downgrade downgrade) {
      return downgrade.request();
    } else if (command instanceof Command.Upgrade upgrade) {
      return upgrade.request();
    } else if (command instanceof Command.Pass pass) {
      return pass.request();
    } else if (command instanceof Command.Refresh refresh) {
      return refresh.request();
    }
    return null; // Expire and ForceRelease are not a node's to send.
  }
}
