package io.holdfast.engine;

import io.holdfast.EngineUnavailableException;
import io.holdfast.rules.Grant;
import io.holdfast.rules.LockRecord;
import io.holdfast.rules.LockSpace;
import io.holdfast.rules.SpaceCommand;
import io.holdfast.rules.SpaceReply;
import io.holdfast.rules.SpaceResult;
import io.holdfast.rules.WaitReport;
import io.holdfast.rules.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A space of locks in this process, shared by the engines that have it open. Thread-safe.
 *
 * <p>Everything is guarded by one lock, under which nothing waits and no listener is called: what
 * listeners are to hear is posted to the outbox in the order of the state machine, and delivered
 * after unlocking. The clock and the scheduler are those of the engine that has had the space open
 * for longest.
 */
final class EmbeddedSpace {

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedSpace.class);

  /** Expiry is noticed within a twentieth of a TTL. */
  private static final int TICKS_PER_TTL = 20;

  private static final Duration SHORTEST_TICK = Duration.ofMillis(50);

  /** Half of what a step of the clock may count, so that a late tick loses no time. */
  private static final Duration LONGEST_TICK = SpaceClock.LONGEST_STEP.dividedBy(2);

  private static final long IDS_PER_MILLISECOND = 256;

  private final ReentrantLock lock = new ReentrantLock();
  private final Outbox outbox = new Outbox();
  private final LockSpace space;
  private final SpaceClock clock;
  private final Set<EmbeddedEngine> engines = new LinkedHashSet<>();
  private final Map<Long, EmbeddedSession> sessions = new TreeMap<>();
  private Environment driver;
  private Environment.@Nullable Cancellable tick;
  private @Nullable IllegalStateException broken;

  /**
   * An empty space.
   *
   * @param driver the environment of the engine that opens it
   */
  EmbeddedSpace(Environment driver) {
    this.driver = driver;
    this.clock = new SpaceClock(driver.ticker().nanoTime());
    // Ids begin at the wall clock, as if 256 changes had been made in every millisecond so far. So
    // they are larger than those of an earlier space of this name, also in an earlier process, for
    // every resource that remembers a token; and tokens, 4,096 per id, fit a long until 2248.
    this.space = new LockSpace(Math.max(0, driver.ticker().epochMillis()) * IDS_PER_MILLISECOND);
  }

  /** An engine opens this space. */
  void join(EmbeddedEngine engine) {
    lock.lock();
    try {
      engines.add(engine);
    } finally {
      lock.unlock();
    }
  }

  /**
   * An engine closes this space, and its sessions with it.
   *
   * @return whether it was the last one
   */
  boolean leave(EmbeddedEngine engine) {
    lock.lock();
    try {
      engines.remove(engine);
      for (EmbeddedSession session : List.copyOf(sessions.values())) {
        if (session.engine() == engine) {
          endSession(session);
        }
      }
      if (engines.isEmpty()) {
        cancelTick();
      } else {
        drivenBy(engines.iterator().next().environment());
      }
      return engines.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Delivers what the calling engine's commands have caused. Called without the lock. */
  void deliver(EmbeddedEngine engine) {
    outbox.deliver(engine.environment().scheduler());
  }

  /** Opens a session. */
  EmbeddedSession openSession(EmbeddedEngine engine, SessionTerms terms, SessionListener listener) {
    return locked(
        engine,
        () -> {
          requireOpen(engine);
          SpaceReply reply =
              apply(
                  new SpaceCommand.OpenSession(
                      terms.ttl().toMillis(), terms.node(), terms.host(), terms.pid()),
                  engine);
          long id = ((SpaceReply.SessionOpened) reply).session();
          EmbeddedSession session = new EmbeddedSession(this, engine, id, terms, listener);
          session.renewedAt = clock.advance(driver.ticker().nanoTime());
          sessions.put(id, session);
          scheduleTick();
          return session;
        });
  }

  /** Applies a command of a session. */
  SpaceReply submit(EmbeddedSession session, SpaceCommand command) {
    return locked(session.engine(), () -> apply(command, session.engine()));
  }

  /**
   * Renews a session. Tells nobody anything, so it delivers nothing: what others have caused might
   * keep a renewal from coming back in time for the next one.
   *
   * @return whether the session lives
   */
  boolean renew(EmbeddedSession session) {
    lock.lock();
    try {
      SpaceReply reply = apply(new SpaceCommand.Renew(session.id()), session.engine());
      boolean lives = reply instanceof SpaceReply.SessionRenewed;
      if (lives) {
        session.renewedAt = clock.advance(driver.ticker().nanoTime());
      }
      return lives;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a session by choice. */
  void close(EmbeddedSession session) {
    locked(
        session.engine(),
        () -> {
          endSession(session);
          return session;
        });
  }

  /** Applies a command that no session has sent. */
  SpaceReply operate(EmbeddedEngine engine, SpaceCommand command) {
    return locked(
        engine,
        () -> {
          requireOpen(engine);
          return apply(command, engine);
        });
  }

  /** Looks at one lock. */
  Optional<LockView> read(EmbeddedEngine engine, String name) {
    return locked(
        engine,
        () -> {
          requireOpen(engine);
          expireOverdue();
          return space.read(name).map(record -> view(name, record));
        });
  }

  /** Looks at some locks. */
  List<LockView> list(EmbeddedEngine engine, String prefix, String after, int limit) {
    return locked(
        engine,
        () -> {
          requireOpen(engine);
          expireOverdue();
          List<LockView> views = new ArrayList<>();
          space.list(prefix, after, limit).forEach((name, record) -> views.add(view(name, record)));
          return views;
        });
  }

  /**
   * Keeps what a session says of its waits.
   *
   * @return false if the session has ended
   */
  boolean report(EmbeddedSession session, WaitReport said) {
    return locked(
        session.engine(),
        () -> {
          WaitReport before = session.report;
          if (before == null || before.number() < said.number()) {
            session.report = said;
          }
          return sessions.get(session.id()) == session;
        });
  }

  /** What open sessions have said of their waits. */
  Map<Long, WaitReport> reports(EmbeddedEngine engine, Collection<Long> asked) {
    return locked(
        engine,
        () -> {
          requireOpen(engine);
          Map<Long, WaitReport> reports = new HashMap<>();
          for (Long id : asked) {
            EmbeddedSession session = sessions.get(id);
            if (session != null && session.report != null) {
              reports.put(id, session.report);
            }
          }
          return reports;
        });
  }

  /** Asks holders once more for a lock that others wait for. */
  void remind(EmbeddedEngine engine, String name, Set<Long> asked) {
    locked(
        engine,
        () -> {
          LockRecord record = space.read(name).orElse(null);
          if (record != null) {
            for (Grant grant : record.grants()) {
              EmbeddedSession holder = sessions.get(grant.request().session());
              if (holder != null && asked.contains(holder.id())) {
                record
                    .revoke(grant)
                    .ifPresent(
                        revoke -> outbox.post(() -> holder.listener().onEvent(name, revoke)));
              }
            }
          }
          return asked;
        });
  }

  private <T> T locked(EmbeddedEngine engine, Supplier<T> work) {
    try {
      lock.lock();
      try {
        return work.get();
      } finally {
        lock.unlock();
      }
    } finally {
      deliver(engine);
    }
  }

  private void requireOpen(EmbeddedEngine engine) {
    if (!engines.contains(engine)) {
      throw new EngineUnavailableException(
          "the engine " + engine.description().location() + " is closed; open a new one");
    }
  }

  private SpaceReply apply(SpaceCommand command, EmbeddedEngine engine) {
    if (broken != null) {
      throw new EngineUnavailableException(
          "the engine "
              + engine.description().location()
              + " has stopped because an invariant of its locks is broken; restart this process"
              + " and report the cause",
          broken);
    }
    SpaceResult result;
    try {
      result = space.apply(command, engine.environment().ticker().epochMillis());
    } catch (IllegalStateException invariant) {
      LOG.error("The engine {} stops", engine.description().location(), invariant);
      broken = invariant;
      return apply(command, engine);
    }
    for (SpaceResult.Notice notice : result.notices()) {
      EmbeddedSession addressee = sessions.get(notice.session());
      if (addressee != null) {
        outbox.post(() -> addressee.listener().onEvent(notice.name(), notice.event()));
      }
    }
    return result.reply();
  }

  private void endSession(EmbeddedSession session) {
    sessions.remove(session.id());
    if (broken == null) {
      apply(new SpaceCommand.CloseSession(session.id()), session.engine());
    }
  }

  private void drivenBy(Environment next) {
    if (!next.equals(driver)) {
      driver = next;
      clock.follow(driver.ticker().nanoTime());
      cancelTick();
      scheduleTick();
    }
  }

  private void cancelTick() {
    if (tick != null) {
      tick.cancel();
      tick = null;
    }
  }

  /** Ticks only while there are sessions, so that an idle space costs nothing. */
  private void scheduleTick() {
    if (tick != null || sessions.isEmpty() || broken != null) {
      return;
    }
    Duration interval = LONGEST_TICK;
    for (EmbeddedSession session : sessions.values()) {
      Duration wanted = session.terms().ttl().dividedBy(TICKS_PER_TTL);
      interval = wanted.compareTo(interval) < 0 ? wanted : interval;
    }
    interval = interval.compareTo(SHORTEST_TICK) < 0 ? SHORTEST_TICK : interval;
    tick = driver.scheduler().schedule(this::onTick, interval);
  }

  private void onTick() {
    Environment.Scheduler scheduler;
    lock.lock();
    try {
      tick = null;
      expireOverdue();
      scheduleTick();
      scheduler = driver.scheduler();
    } finally {
      lock.unlock();
    }
    outbox.deliver(scheduler);
  }

  private void expireOverdue() {
    long now = clock.advance(driver.ticker().nanoTime());
    for (EmbeddedSession session : List.copyOf(sessions.values())) {
      if (now - session.renewedAt > session.terms().ttl().toNanos()) {
        LOG.info("Session {} of node {} has expired", session.id(), session.terms().node());
        // Posted first: the holder is told before anybody else gets its locks.
        outbox.post(session.listener()::onExpired);
        endSession(session);
      }
    }
  }

  private LockView view(String name, LockRecord record) {
    Map<Long, SessionTerms> terms = new HashMap<>();
    for (Grant grant : record.grants()) {
      describe(grant.request().session(), terms);
    }
    for (Waiter waiter : record.queue()) {
      describe(waiter.request().session(), terms);
    }
    return new LockView(name, record, terms);
  }

  private void describe(long id, Map<Long, SessionTerms> terms) {
    EmbeddedSession session = sessions.get(id);
    if (session != null) {
      terms.put(id, session.terms());
    }
  }
}
