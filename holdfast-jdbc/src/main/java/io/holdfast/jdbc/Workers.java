package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Environment;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A few threads with a connection each, which do what would block the callers: at most as many as
 * they were told, and only as many as there is work for.
 */
final class Workers {

  // Why not a pool of connections and a pool of threads: a thread that has a connection needs
  // nobody to check it out, to test it (a round trip) and to give it back. A connection that turns
  // out to be dead is replaced, and what only looks, or may be done twice, is done again at once.
  //
  // The idle thread that worked last works next, so that connections nobody needs grow old and are
  // closed. Whoever submits work from within a worker, as a store engine does when it goes on after
  // an answer, leaves it to that worker, which is about to look for more.
  //
  // The queue needs no bound of its own: a node has one request per lock under way. Work that has
  // waited for as long as its caller does is not done any more: the caller has given it up, and a
  // server that was down for a minute should not be met with a minute of old work.

  /** Work on the database. It may run several times; what the last run returned counts. */
  @FunctionalInterface
  interface Work<T> {

    /** Does the work, without a transaction around it. */
    @Nullable T run(Sql sql) throws SQLException;
  }

  /** What doing a piece of work means. */
  enum Nature {
    /** Changes nothing. */
    READ,
    /** Doing it twice is as good as once. */
    REPEATABLE,
    /** As {@link #REPEATABLE}, and goes before everything else: the renewal of a session. */
    URGENT,
    /** Whether it was done matters. */
    CHANGE
  }

  /** For how long a caller waits, as {@code DeadlineStore} has it. */
  static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final long PATIENCE_NANOS = PATIENCE.toNanos();
  private static final long IDLE_NANOS = Duration.ofSeconds(30).toNanos();
  private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(1).toNanos();
  private static final long LONGEST_PAUSE_NANOS = Duration.ofMillis(50).toNanos();

  private record Task<T>(Work<T> work, Nature nature, CompletableFuture<T> stage, long since) {}

  private final String name;
  private final int most;
  private final Connections connections;
  private final ServerDialect dialect;
  private final ServerErrors errors;
  private final Environment environment;

  // Guarded by this.
  private final Deque<Task<?>> queue = new ArrayDeque<>();
  private final Deque<Worker> idle = new ArrayDeque<>();
  private final List<Worker> all = new ArrayList<>();
  private boolean closed;

  Workers(ServerSettings settings, ServerErrors errors, Environment environment) {
    this.name = "holdfast-" + settings.dialect().type();
    this.most = settings.connections();
    this.connections = settings.source();
    this.dialect = settings.dialect();
    this.errors = errors;
    this.environment = environment;
  }

  /** Queues work. */
  <T> CompletionStage<T> submit(Nature nature, Work<T> work) {
    Task<T> task =
        new Task<>(work, nature, new CompletableFuture<>(), environment.ticker().nanoTime());
    Worker next = null;
    synchronized (this) {
      if (closed) {
        refuse(task);
        return task.stage();
      }
      if (nature == Nature.URGENT) {
        queue.addFirst(task);
      } else {
        queue.addLast(task);
      }
      boolean own = Thread.currentThread() instanceof Worker worker && worker.pool() == this;
      if (!own || queue.size() > 1) {
        next = idle.pollFirst();
        if (next == null && all.size() < most) {
          Worker fresh = new Worker();
          all.add(fresh);
          fresh.start();
        }
      }
    }
    if (next != null) {
      next.call();
    }
    return task.stage();
  }

  private static void refuse(Task<?> task) {
    task.stage()
        .completeExceptionally(
            new EngineUnavailableException("the engine is closed; open a new one"));
  }

  /** Refuses further work, drops what is queued, and ends connections when their work is done. */
  void close() {
    List<Task<?>> dropped;
    List<Worker> ending;
    synchronized (this) {
      closed = true;
      dropped = List.copyOf(queue);
      queue.clear();
      ending = List.copyOf(all);
      idle.clear();
    }
    dropped.forEach(Workers::refuse);
    ending.forEach(Worker::call);
  }

  private final class Worker extends Thread {
    private @Nullable Sql sql;
    private volatile boolean called;

    Worker() {
      super(name);
      setDaemon(true);
    }

    Workers pool() {
      return Workers.this;
    }

    void call() {
      called = true;
      LockSupport.unpark(this);
    }

    @Override
    public void run() {
      try {
        for (Task<?> task = next(); task != null; task = next()) {
          perform(task);
        }
      } finally {
        drop();
      }
    }

    /** The next task, or {@code null} if this worker is not needed any more. */
    private @Nullable Task<?> next() {
      long since = 0;
      while (true) {
        called = false;
        synchronized (Workers.this) {
          Task<?> task = queue.pollFirst();
          if (task != null) {
            idle.remove(this);
            return task;
          }
          if (closed || (since != 0 && environment.ticker().nanoTime() - since > IDLE_NANOS)) {
            idle.remove(this);
            all.remove(this);
            return null;
          }
          if (!idle.contains(this)) {
            idle.addFirst(this);
          }
        }
        if (connections.borrowed()) {
          drop();
        }
        if (since == 0) {
          since = environment.ticker().nanoTime();
        }
        if (!called) {
          environment.parker().park(this, IDLE_NANOS);
        }
      }
    }

    private <T> void perform(Task<T> task) {
      T result;
      try {
        result = patiently(task);
      } catch (RuntimeException | Error failure) {
        // Error: a caller must not wait for ever because memory ran out here.
        task.stage().completeExceptionally(failure);
        return;
      }
      task.stage().complete(result);
    }

    private <T> @Nullable T patiently(Task<T> task) {
      long pause = FIRST_PAUSE_NANOS;
      boolean repeated = false;
      while (true) {
        if (environment.ticker().nanoTime() - task.since() > PATIENCE_NANOS) {
          throw late(repeated && task.nature() != Nature.READ);
        }
        boolean fresh = sql == null;
        Sql line = connect();
        try {
          return task.work().run(line);
        } catch (SQLException failure) {
          if (ServerErrors.disconnected(failure)) {
            drop();
            if (fresh || repeated || task.nature() == Nature.CHANGE) {
              throw errors.failed(failure, task.nature() != Nature.READ);
            }
            repeated = true;
          } else if (ServerErrors.collision(failure)) {
            environment
                .parker()
                .park(this, pause / 2 + Math.floorMod(environment.random().nextLong(), pause));
            pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
          } else {
            throw errors.failed(failure, false);
          }
        }
      }
    }

    private RuntimeException late(boolean maybeDone) {
      String message = "the database has been too slow for " + PATIENCE.toSeconds() + " s; ";
      return maybeDone
          ? new OutcomeUnknownException(message + "send the same command again")
          : new EngineUnavailableException(message + "check its load, then retry");
    }

    private Sql connect() {
      Sql open = sql;
      if (open != null) {
        return open;
      }
      try {
        open = new Sql(connections.open());
        sql = open;
        dialect.prepare(open.connection());
        return open;
      } catch (SQLException failure) {
        drop();
        throw errors.unreachable(failure);
      }
    }

    private void drop() {
      Sql open = sql;
      sql = null;
      if (open != null) {
        try {
          open.close();
        } catch (SQLException gone) {
          // It is of no use either way.
        }
      }
    }
  }
}
