package io.holdfast.tck;

import io.holdfast.engine.Environment;
import io.holdfast.engine.ManualEnvironment;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;

/**
 * Time that takes no time: while the test waits, the next thing that is due happens at once. The
 * test's thread does everything, so that a test takes the same course whenever it runs with the
 * same seed, save for what threads do beside it.
 *
 * <p>Those threads are real, and race as they like; only time waits for them. It moves on when all
 * of them wait, and what is due by then is done meanwhile, beside them.
 */
final class VirtualTime implements KitTime {

  /*
   * Time moves on only if there are as many waits as threads, and then nobody is at work who could
   * still cause something: a thread is entered in `waits` when it has nothing left to do, and taken
   * out by whoever completes its answer, who cannot begin to wait before that. Nothing else is done
   * under this monitor, so those who complete an answer while they hold locks of an engine may pass
   * through it.
   */

  /** The seed of all tests, for a run that looks for other courses. */
  private static final long SEED = Long.getLong("holdfast.tck.seed", 1);

  /** How long the test's thread looks away while others work and nothing is due. */
  private static final long GLANCE_MILLIS = 1;

  /** A wait of a thread beside the test. Each is one of its own, so this is no record. */
  private static final class Wait {
    final long deadline;
    boolean over;

    Wait(long deadline) {
      this.deadline = deadline;
    }
  }

  private final long seed;
  private final ManualEnvironment clocks;
  private final ThreadLocal<Boolean> beside = ThreadLocal.withInitial(() -> false);
  private final Set<Wait> waits = new HashSet<>();
  private int threads;

  VirtualTime() {
    this(SEED);
  }

  /**
   * A time.
   *
   * @param seed of all chance
   */
  VirtualTime(long seed) {
    this.seed = seed;
    this.clocks = new ManualEnvironment(seed);
  }

  private long now() {
    return clocks.environment().ticker().nanoTime();
  }

  @Override
  public Environment environment(String name) {
    return clocks.another();
  }

  @Override
  public <T> T await(CompletableFuture<T> answer, Duration patience)
      throws ExecutionException, InterruptedException, TimeoutException {
    long deadline = now() + patience.toNanos();
    if (beside.get()) {
      waitUntil(answer, deadline);
    } else {
      moveUntil(answer, deadline);
    }
    if (!answer.isDone()) {
      throw new TimeoutException();
    }
    return answer.get();
  }

  private void moveUntil(CompletableFuture<?> answer, long deadline) throws InterruptedException {
    while (!answer.isDone() && now() < deadline) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (allWait()) {
        clocks.step(Duration.ofNanos(Math.max(0, firstDeadline(deadline) - now())));
        endOverdue();
      } else {
        clocks.runDue();
        glance();
      }
    }
  }

  private synchronized boolean allWait() {
    return waits.size() == threads;
  }

  private synchronized long firstDeadline(long own) {
    return waits.stream().mapToLong(wait -> wait.deadline).reduce(own, Math::min);
  }

  private synchronized void endOverdue() {
    List.copyOf(waits).stream().filter(wait -> wait.deadline <= now()).forEach(this::end);
  }

  private synchronized void glance() throws InterruptedException {
    if (waits.size() < threads) {
      wait(GLANCE_MILLIS);
    }
  }

  private void waitUntil(CompletableFuture<?> answer, long deadline) throws InterruptedException {
    Wait wait = new Wait(deadline);
    answer.whenComplete((value, failure) -> end(wait));
    synchronized (this) {
      if (!wait.over) {
        waits.add(wait);
        notifyAll();
      }
      while (!wait.over) {
        wait();
      }
    }
  }

  private synchronized void end(Wait wait) {
    wait.over = true;
    waits.remove(wait);
    notifyAll();
  }

  @Override
  public void settle() {
    if (!beside.get()) {
      clocks.runDue();
    }
  }

  @Override
  public CompletableFuture<Void> beside(Runnable work, Executor threads) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    count(1);
    threads.execute(
        () -> {
          beside.set(true);
          try {
            work.run();
            done.complete(null);
          } catch (RuntimeException | Error failure) {
            done.completeExceptionally(failure);
          } finally {
            beside.remove();
            count(-1);
          }
        });
    return done;
  }

  private synchronized void count(int more) {
    threads += more;
    notifyAll();
  }

  @Override
  public void remark(Throwable failure) {
    failure.addSuppressed(new Course("see it again with -Dholdfast.tck.seed=" + seed));
  }

  /** Which of its possible courses a failed test has taken. */
  private static final class Course extends RuntimeException {
    private static final long serialVersionUID = 1;

    Course(String message) {
      super(message, null, false, false);
    }
  }

  @Override
  public String toString() {
    return "virtual time (seed " + seed + ")";
  }
}
