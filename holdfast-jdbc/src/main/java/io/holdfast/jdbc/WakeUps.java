package io.holdfast.jdbc;

import io.holdfast.engine.Calls;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.jdbc.ServerDialect.Notice;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the sessions of a store hear that they are to look at a lock. Thread-safe. */
final class WakeUps {

  // The row of a session says how it is woken: by NOTIFY on the channel of its store, or, without a
  // channel, by a notice in a table that the store looks at. A store has a channel while its
  // listener has proven, by a notification to itself, that notifications arrive. When that changes,
  // the rows are changed; until then the store looks at the table.
  //
  // It looks often after something has happened that makes wake-ups likely (somebody here waits, or
  // was woken, or has woken somebody), and less and less often while nothing does.

  private static final Logger LOG = LoggerFactory.getLogger(WakeUps.class);
  private static final long FAST_NANOS = Duration.ofMillis(5).toNanos();
  private static final long SLOW_NANOS = Duration.ofMillis(100).toNanos();
  private static final long LATELY_NANOS = Duration.ofMillis(200).toNanos();

  private static final class Subscriber {
    private final Consumer<String> listener;
    private volatile @Nullable String channel;

    /**
     * Whether to look for notices once more, from whom began to wake before the row of the session
     * said how; and when.
     */
    private volatile boolean lateLook;

    private volatile long lateLookAt;

    Subscriber(Consumer<String> listener, @Nullable String channel) {
      this.listener = listener;
      this.channel = channel;
    }

    void switchTo(@Nullable String wanted, long now) {
      channel = wanted;
      lateLookAt = now + LATELY_NANOS;
      lateLook = true;
    }

    boolean takeLateLook(long now) {
      boolean isDue = lateLook && now - lateLookAt >= 0;
      if (isDue) {
        lateLook = false;
      }
      return isDue;
    }

    /** One at a time. */
    synchronized void tell(String name) {
      listener.accept(name);
    }
  }

  private final ServerDialect dialect;
  private final Workers workers;
  private final Environment environment;
  private final String setChannel;
  private final Map<Long, Subscriber> subscribers = new ConcurrentHashMap<>();
  private volatile @Nullable PostgresListener listener;
  private volatile boolean looking;
  private volatile long alerted;

  // Guarded by this.
  private Environment.@Nullable Cancellable next;
  private long gap = FAST_NANOS;
  private boolean under;
  private boolean closed;

  WakeUps(ServerDialect dialect, Workers workers, Environment environment) {
    this.dialect = dialect;
    this.workers = workers;
    this.environment = environment;
    setChannel = "UPDATE " + dialect.qualifier() + "session SET channel = ? WHERE id IN ";
    alerted = environment.ticker().nanoTime();
  }

  /** Uses a listener as far as it can hear. */
  void listen(PostgresListener fresh) {
    listener = fresh;
  }

  /** The channel on which this store hears now; {@code null} if on none. */
  @Nullable String channel() {
    PostgresListener present = listener;
    return present == null ? null : present.channel();
  }

  /** Passes on what a session is to look at, from now on. */
  void subscribe(long session, Consumer<String> onWake, @Nullable String channel) {
    subscribers.put(session, new Subscriber(onWake, channel));
    PostgresListener present = listener;
    if (present != null) {
      present.start(notice -> deliver(notice.session(), notice.name()), this::lookSoon);
    }
    lookSoon();
  }

  /** Stops passing on. */
  void unsubscribe(long session) {
    subscribers.remove(session);
  }

  /** Wakes those of the sessions that live here; returns the others. */
  Set<Long> deliverHere(Set<Long> sessions, String name) {
    Set<Long> others = new HashSet<>(sessions);
    others.removeIf(session -> deliver(session, name));
    return others;
  }

  private boolean deliver(long session, String name) {
    Subscriber subscriber = subscribers.get(session);
    if (subscriber == null) {
      return false;
    }
    try {
      subscriber.tell(name);
    } catch (RuntimeException thrown) {
      LOG.warn("session {} failed to look at {}; it will look again later", session, name, thrown);
    }
    return true;
  }

  /** Something has happened that makes wake-ups likely. Cheap. */
  void alert() {
    if (!looking) {
      return;
    }
    alerted = environment.ticker().nanoTime();
    synchronized (this) {
      if (gap > FAST_NANOS) {
        gap = FAST_NANOS;
        if (next != null) {
          next.cancel();
          next = null;
          schedule(FAST_NANOS);
        }
      }
    }
  }

  private synchronized void lookSoon() {
    looking = true;
    alerted = environment.ticker().nanoTime();
    gap = FAST_NANOS;
    if (!under && next == null) {
      schedule(0);
    }
  }

  private synchronized void schedule(long nanos) {
    if (!closed) {
      next = environment.scheduler().schedule(this::look, Duration.ofNanos(nanos));
    }
  }

  private void look() {
    synchronized (this) {
      next = null;
      if (under || closed) {
        return;
      }
      under = true;
    }
    Calls.call(() -> workers.submit(Workers.Nature.REPEATABLE, this::settle))
        .whenComplete(
            (notices, failure) -> {
              if (failure == null) {
                notices.forEach(notice -> deliver(notice.session(), notice.name()));
              }
              rest(failure == null && !notices.isEmpty());
            });
  }

  /** Has the rows say how to wake, and takes the notices that came before they did. */
  private List<Notice> settle(Sql sql) throws SQLException {
    String wanted = channel();
    long now = environment.ticker().nanoTime();
    List<Long> byNotice = new ArrayList<>();
    List<Long> wrong = new ArrayList<>();
    subscribers.forEach(
        (session, subscriber) -> {
          if (!Objects.equals(subscriber.channel, wanted)) {
            wrong.add(session);
          }
          boolean late = subscriber.takeLateLook(now);
          if (subscriber.channel == null || wanted == null || late) {
            byNotice.add(session);
          }
        });
    if (!wrong.isEmpty()) {
      List<@Nullable Object> parameters = new ArrayList<>();
      parameters.add(wanted);
      parameters.addAll(List.of(ServerSessions.filled(wrong)));
      sql.update(setChannel + ServerSessions.places(wrong.size()), parameters.toArray());
      for (Long session : wrong) {
        Subscriber subscriber = subscribers.get(session);
        if (subscriber != null) {
          subscriber.switchTo(wanted, now);
        }
      }
    }
    return byNotice.isEmpty() ? List.of() : dialect.takeNotices(sql, byNotice);
  }

  private synchronized void rest(boolean news) {
    under = false;
    String wanted = channel();
    long now = environment.ticker().nanoTime();
    boolean needed =
        subscribers.values().stream()
            .anyMatch(s -> s.channel == null || !Objects.equals(s.channel, wanted));
    looking = needed;
    if (!needed) {
      if (subscribers.values().stream().anyMatch(s -> s.lateLook)) {
        schedule(LATELY_NANOS);
      }
      return;
    }
    if (news) {
      alerted = now;
    }
    gap = now - alerted < LATELY_NANOS ? FAST_NANOS : Math.min(gap + gap / 2, SLOW_NANOS);
    schedule(gap);
  }

  /** Whether wake-ups are heard or looked for. */
  List<Finding> examine() {
    PostgresListener present = listener;
    if (present == null) {
      return List.of();
    }
    return List.of(present.examine());
  }

  /** Ends; returns the sessions of this store. */
  List<Long> close() {
    synchronized (this) {
      closed = true;
      if (next != null) {
        next.cancel();
      }
    }
    PostgresListener present = listener;
    if (present != null) {
      present.close();
    }
    List<Long> own = List.copyOf(subscribers.keySet());
    subscribers.clear();
    return own;
  }
}
