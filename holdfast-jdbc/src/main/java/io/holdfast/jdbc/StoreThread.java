package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Environment;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.LoggerFactory;

/**
 * The one thread of a store that uses its connection: does the queued work, looks for notices in
 * between, and sleeps as long as it may.
 */
final class StoreThread {

  // The queue needs no bound of its own: a node has at most one request per lock under way.
  //
  // How long to sleep between two looks for notices. Whoever has just written, asking for a lock or
  // giving one to somebody, or got a notice, will soon get the next one: the thread looks every
  // millisecond for a while. Who waits for longer is known by its reads, since a waiter looks at
  // its lock every pollInterval of the store: every 5 ms. With nothing but sessions to keep, every
  // 50 ms. A thread without sessions gets no notices and sleeps until there is work.

  //
  // A thread that always has more to write would keep other processes out, which look only now and
  // then whether they can write. So a transaction is short, and one that left work behind is
  // followed by a break in which others get their turn.

  private static final int LARGEST_BATCH = 32;
  private static final long BREAK_NANOS = 2 * Batch.LONGEST_PAUSE_NANOS;
  private static final long FAST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long WAITING_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final long SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long LATELY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long CLOSING_MILLIS = 6_000;

  private final Deque<Batch.Task<?>> queue = new ConcurrentLinkedDeque<>();
  private final Batch batch;
  private final Notices notices;
  private final Environment environment;
  private final Sql sql;
  private final Thread thread;
  private final Runnable ending;
  private volatile boolean woken;
  private volatile boolean closed;
  private volatile boolean ended;
  private long alerted;
  private long lastRead;
  private long sleep = FAST_NANOS;

  /**
   * Makes the thread, but does not start it.
   *
   * @param ending done by the thread at its end
   */
  StoreThread(
      String name,
      Sql sql,
      Notices notices,
      Batch batch,
      Environment environment,
      Runnable ending) {
    this.sql = sql;
    this.notices = notices;
    this.batch = batch;
    this.environment = environment;
    this.ending = ending;
    thread = new Thread(this::work, name);
    thread.setDaemon(true);
  }

  /** Begins to work. */
  void start() {
    thread.start();
  }

  /** Queues work that only reads. */
  <T> CompletionStage<T> read(Batch.Work<T> work) {
    return submit(new Batch.Task<>(work, Batch.Nature.READ));
  }

  /** Queues work that writes. */
  <T> CompletionStage<T> write(Batch.Work<T> work) {
    return submit(new Batch.Task<>(work, Batch.Nature.WRITE));
  }

  /**
   * Queues work that writes and says nothing about notices to come: the renewal of a session, which
   * passes all other work, so that however much a node asks for, it keeps what it has.
   */
  <T> CompletionStage<T> writeIdly(Batch.Work<T> work) {
    return submit(new Batch.Task<>(work, Batch.Nature.IDLE_WRITE));
  }

  private <T> CompletionStage<T> submit(Batch.Task<T> task) {
    if (closed) {
      refuse(task);
      return task.stage;
    }
    if (task.nature == Batch.Nature.IDLE_WRITE) {
      queue.addFirst(task);
    } else {
      queue.add(task);
    }
    if (ended) {
      // The thread may have looked at the queue for the last time.
      refuseQueued();
    } else if (Thread.currentThread() != thread) {
      LockSupport.unpark(thread);
    }
    return task.stage;
  }

  private void refuseQueued() {
    for (Batch.Task<?> task = queue.poll(); task != null; task = queue.poll()) {
      refuse(task);
    }
  }

  private static void refuse(Batch.Task<?> task) {
    task.stage.completeExceptionally(
        new EngineUnavailableException("the engine is closed; open a new one"));
  }

  /** There may be a notice: look at once. */
  void wake() {
    woken = true;
    LockSupport.unpark(thread);
  }

  /** Stops after what is queued, and waits for that unless it is the thread itself that asks. */
  void close() {
    closed = true;
    LockSupport.unpark(thread);
    if (Thread.currentThread() == thread) {
      return;
    }
    try {
      thread.join(CLOSING_MILLIS);
    } catch (InterruptedException interrupted) {
      // It ends anyway; only this caller does not see it.
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    try {
      List<Batch.Task<?>> tasks = new ArrayList<>();
      boolean last;
      do {
        // An interrupt would close the channel of the live file, and with it drop all its locks.
        Thread.interrupted();
        last = closed;
        woken = false;
        takeQueued(tasks);
        turn(tasks);
      } while (!last || !queue.isEmpty());
    } finally {
      closed = true;
      ended = true;
      refuseQueued();
      ending.run();
    }
  }

  private void turn(List<Batch.Task<?>> tasks) {
    if (!tasks.isEmpty()) {
      batch.run(tasks);
      if (tasks.get(0).reads()) {
        lastRead = environment.ticker().nanoTime();
      } else if (tasks.size() == LARGEST_BATCH) {
        alert();
        takeBreak();
      } else if (tasks.stream().anyMatch(task -> task.nature == Batch.Nature.WRITE)) {
        alert();
      }
    }
    boolean news = lookForNotices();
    if (queue.isEmpty() && !woken && !closed && !news) {
      pause();
    }
  }

  /** Takes what may run together: either reads or writes, so that no read prolongs a write. */
  private void takeQueued(List<Batch.Task<?>> tasks) {
    tasks.clear();
    Batch.Task<?> task = queue.peek();
    while (task != null
        && tasks.size() < LARGEST_BATCH
        && (tasks.isEmpty() || task.reads() == tasks.get(0).reads())) {
      tasks.add(queue.remove());
      task = queue.peek();
    }
  }

  private boolean lookForNotices() {
    try {
      boolean news = notices.poll(sql);
      if (news) {
        alert();
      }
      return news;
    } catch (SQLException later) {
      // Notices are hints. What is really wrong with the database, the next work will say.
      return false;
    } catch (RuntimeException thrown) {
      LoggerFactory.getLogger(StoreThread.class).warn("a wake-up failed; others go on", thrown);
      return false;
    }
  }

  private void takeBreak() {
    long end = environment.ticker().nanoTime() + BREAK_NANOS;
    for (long left = BREAK_NANOS; left > 0; left = end - environment.ticker().nanoTime()) {
      environment.parker().park(this, left);
    }
  }

  private void alert() {
    alerted = environment.ticker().nanoTime();
    sleep = FAST_NANOS;
  }

  private void pause() {
    if (!notices.expected()) {
      LockSupport.park(this);
      return;
    }
    LockSupport.parkNanos(this, sleep);
    long now = environment.ticker().nanoTime();
    if (now - alerted > LATELY_NANOS) {
      long slowest = now - lastRead > LATELY_NANOS ? SLOW_NANOS : WAITING_NANOS;
      sleep = Math.min(2 * sleep, slowest);
    }
  }
}
