package io.holdfast.jdbc;

import io.holdfast.engine.Environment;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Runs several pieces of work as one transaction, again and again while others are in the way. */
final class Batch {

  // Work that queued up while the last transaction ran shares the next one: a commit costs more
  // than the statements in it. No piece can spoil it for the others: a lost compare-and-set is an
  // answer, not an error, and an error (full disk, broken file) would have met all of them.
  //
  // SQLite's own busy handler waits in steps of 1, 2, 5, 10, … ms. A write takes 50 µs, so the
  // waiting is done here, in steps that fit, with jitter against processes in lock-step.

  /** Work on the database. It may run several times; what the last run did and returned counts. */
  @FunctionalInterface
  interface Work<T> {

    /** Does the work; side effects outside the database go through the transaction. */
    @Nullable T run(Transaction transaction) throws SQLException;
  }

  /** What a piece of work means for the thread that does it. */
  enum Nature {
    /** Needs no transaction. */
    READ,
    /** Needs a transaction. */
    WRITE,
    /** Needs a transaction, and no notices are to be expected after it. */
    IDLE_WRITE
  }

  /** A piece of work and who waits for it. */
  static final class Task<T> {
    private final Work<T> work;
    final Nature nature;
    final CompletableFuture<T> stage = new CompletableFuture<>();
    private @Nullable T result;

    Task(Work<T> work, Nature nature) {
      this.work = work;
      this.nature = nature;
    }

    boolean reads() {
      return nature == Nature.READ;
    }

    private void run(Transaction transaction) throws SQLException {
      result = work.run(transaction);
    }

    private void complete() {
      stage.complete(result);
    }
  }

  private static final long FIRST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);
  static final long LONGEST_PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(500);
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Sql sql;
  private final Dialect dialect;
  private final Environment environment;

  Batch(Sql sql, Dialect dialect, Environment environment) {
    this.sql = sql;
    this.dialect = dialect;
    this.environment = environment;
  }

  /** Runs the tasks and completes their stages. */
  void run(List<? extends Task<?>> tasks) {
    try {
      inTurn(tasks);
    } catch (RuntimeException | Error failure) {
      // Error: a caller must not wait for ever because memory ran out here.
      tasks.forEach(task -> task.stage.completeExceptionally(failure));
      return;
    }
    tasks.forEach(Task::complete);
  }

  private void inTurn(List<? extends Task<?>> tasks) {
    boolean writes = tasks.stream().anyMatch(task -> !task.reads());
    boolean turn = writes && dialect.awaitTurn(PATIENCE_NANOS);
    try {
      patiently(tasks, writes);
    } finally {
      if (turn) {
        dialect.endTurn();
      }
    }
  }

  private void patiently(List<? extends Task<?>> tasks, boolean writes) {
    long start = environment.ticker().nanoTime();
    long pause = FIRST_PAUSE_NANOS;
    while (true) {
      Attempt attempt = new Attempt(writes);
      SQLException failure = attempt.run(tasks);
      if (failure == null) {
        return;
      }
      boolean patient = environment.ticker().nanoTime() - start < PATIENCE_NANOS;
      Dialect.Remedy remedy = patient ? dialect.remedy(failure) : Dialect.Remedy.NONE;
      switch (remedy) {
        case RETRY -> {}
        case REPLENISH -> replenish();
        case NONE -> throw dialect.explain(failure, attempt.committing);
      }
      LockSupport.parkNanos(this, pause / 2 + environment.random().nextLong(pause));
      pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
    }
  }

  private void replenish() {
    try {
      dialect.replenish(sql);
    } catch (SQLException failure) {
      if (dialect.remedy(failure) == Dialect.Remedy.NONE) {
        throw dialect.explain(failure, false);
      }
      // Otherwise the next attempt at the work fails as before, and asks again.
    }
  }

  private final class Attempt {
    private final boolean writes;
    private boolean committing;

    Attempt(boolean writes) {
      this.writes = writes;
    }

    private @Nullable SQLException run(List<? extends Task<?>> tasks) {
      Transaction transaction = new Transaction(sql);
      boolean done = false;
      try {
        if (writes) {
          sql.update(dialect.beginWrite());
        }
        for (Task<?> task : tasks) {
          task.run(transaction);
        }
        committing = true;
        if (writes) {
          sql.update("COMMIT");
        }
        done = true;
      } catch (SQLException failure) {
        return failure;
      } finally {
        if (!done) {
          rollBack(transaction);
        }
      }
      transaction.committed();
      return null;
    }

    private void rollBack(Transaction transaction) {
      if (writes) {
        try {
          sql.update("ROLLBACK");
        } catch (SQLException none) {
          // It was never begun, or the error has rolled it back already.
        }
      }
      transaction.rolledBack();
    }
  }
}
