package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Two nodes, four threads each, every way of taking a lock, for a while. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class StressTest {

  private static final Duration TIME = Duration.ofMillis(1_500);
  private static final int THREADS = 8;

  private final Nodes nodes = new Nodes();
  private final Style style;
  private final Holdfast[] sides;

  private final AtomicInteger writers = new AtomicInteger();
  private final AtomicInteger readers = new AtomicInteger();
  private final AtomicLong lastToken = new AtomicLong();
  private final AtomicIntegerArray served = new AtomicIntegerArray(THREADS);

  StressTest(Style style) {
    this.style = style;
    Duration brief = Duration.ofMillis(50);
    sides =
        new Holdfast[] {
          nodes.open(nodes.builder("a").retainFor(brief)),
          nodes.open(nodes.builder("b").retainFor(brief))
        };
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  @Test
  void oneInsideAtATimeAndEverybodyServed() {
    run(number -> useOnce(sides[number % 2].lock("stress", style.options()), number, true));
  }

  @Test
  void noWriterBesideAnyoneAndEverybodyServed() {
    run(
        number -> {
          boolean write = ThreadLocalRandom.current().nextInt(4) == 0;
          var rw = sides[number % 2].readWriteLock("stress", style.options());
          if (write && ThreadLocalRandom.current().nextBoolean()) {
            downgradeOnce(rw);
            served.incrementAndGet(number);
          } else {
            useOnce(write ? rw.writeLock() : rw.readLock(), number, write);
          }
        });
  }

  private interface Round {
    void play(int number) throws InterruptedException;
  }

  private void run(Round round) {
    long start = System.nanoTime();
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int number = i;
      tasks.add(
          Task.run(
              () -> {
                while (Await.since(start).compareTo(TIME) < 0 || served.get(number) == 0) {
                  playUninterrupted(round, number);
                }
              }));
    }
    while (Await.since(start).compareTo(TIME) < 0) {
      tasks.get(ThreadLocalRandom.current().nextInt(THREADS)).interrupt();
      Await.pass(Duration.ofMillis(3));
    }
    tasks.forEach(Task::result);
    for (int i = 0; i < THREADS; i++) {
      assertThat(served.get(i)).as("how often thread %d was served", i).isPositive();
    }
    Await.empty(sides[0]);
  }

  private static void playUninterrupted(Round round, int number) {
    try {
      round.play(number);
    } catch (InterruptedException expected) {
      assertThat(expected).hasMessageContaining("stress");
    } catch (EngineUnavailableException impatient) {
      // A wait so short that the engine had not answered.
      assertThat(impatient).hasMessageContaining("not answered in time");
    }
  }

  private void useOnce(DistributedLock lock, int number, boolean write)
      throws InterruptedException {
    switch (ThreadLocalRandom.current().nextInt(6)) {
      case 0 -> {
        lock.asLock().lock();
        inside(write);
        lock.asLock().unlock();
        served.incrementAndGet(number);
      }
      case 1 -> use(lock.tryAcquire(), number, write);
      case 2 -> use(lock.tryAcquire(Duration.ofMillis(2)), number, write);
      case 3 -> use(lock.tryAcquire(Duration.ofSeconds(20)), number, write);
      default -> use(Optional.of(lock.acquire()), number, write);
    }
  }

  private void use(Optional<Hold> hold, int number, boolean write) {
    if (hold.isPresent()) {
      if (write) {
        long token = hold.get().token();
        assertThat(lastToken.getAndSet(token)).isLessThan(token);
      }
      inside(write);
      assertThat(hold.get().release()).isEqualTo(Hold.Release.RELEASED);
      served.incrementAndGet(number);
    }
  }

  private void downgradeOnce(DistributedReadWriteLock rw) throws InterruptedException {
    Hold write = rw.writeLock().acquire();
    assertThat(lastToken.getAndSet(write.token())).isLessThan(write.token());
    inside(true);
    try (Hold read = rw.readLock().acquire()) {
      write.close();
      assertThat(read.isHeld()).isTrue();
      inside(false);
    } finally {
      write.close();
    }
  }

  private void inside(boolean write) {
    if (write) {
      assertThat(writers.incrementAndGet()).isEqualTo(1);
      assertThat(readers.get()).isZero();
      writers.decrementAndGet();
    } else {
      readers.incrementAndGet();
      assertThat(writers.get()).isZero();
      readers.decrementAndGet();
    }
  }
}
