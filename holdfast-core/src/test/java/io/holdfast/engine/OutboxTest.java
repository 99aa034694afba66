package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OutboxTest {

  private final ManualEnvironment time = new ManualEnvironment();
  private final Environment.Scheduler scheduler = time.environment().scheduler();
  private final Outbox outbox = new Outbox();
  private final List<Integer> made = new ArrayList<>();

  @Test
  void callsAreMadeInOrder() {
    post(1, 2, 3);
    assertThat(made).isEmpty();
    outbox.deliver(scheduler);
    assertThat(made).containsExactly(1, 2, 3);
    assertThat(time.pending()).isZero();
  }

  @Test
  void aCallThatCausesAnotherDoesNotContainIt() {
    outbox.post(
        () -> {
          post(2);
          outbox.deliver(scheduler);
          made.add(1);
        });
    outbox.deliver(scheduler);
    assertThat(made).containsExactly(1, 2);
  }

  @Test
  void aThreadServesNoMoreThanItsShare() {
    for (int i = 0; i < 2 * Outbox.BUDGET; i++) {
      post(i);
    }
    outbox.deliver(scheduler);
    assertThat(made).hasSize(Outbox.BUDGET);
    time.advance(Duration.ZERO);
    assertThat(made).hasSize(2 * Outbox.BUDGET).isSorted();
  }

  @Test
  void nothingIsStuckWhenTheSchedulerIsClosed() {
    scheduler.close();
    for (int i = 0; i <= Outbox.BUDGET; i++) {
      post(i);
    }
    outbox.deliver(scheduler);
    assertThat(made).hasSize(Outbox.BUDGET);
    outbox.deliver(scheduler);
    assertThat(made).hasSize(Outbox.BUDGET + 1);
  }

  @Test
  void aListenerThatThrowsSilencesNobody() {
    outbox.post(
        () -> {
          throw new IllegalStateException("a listener that breaks its promise, on purpose");
        });
    post(1);
    outbox.deliver(scheduler);
    assertThat(made).containsExactly(1);
  }

  @Test
  @Timeout(60)
  void oneCallAtATimeAndNoneIsLost() throws InterruptedException {
    int threads = 4;
    int each = 20_000;
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger overlaps = new AtomicInteger();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    Environment.Scheduler real = atOnceOn(pool);
    AtomicInteger calls = new AtomicInteger();
    List<Runnable> producers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      producers.add(
          () -> {
            for (int n = 0; n < each; n++) {
              outbox.post(
                  () -> {
                    overlaps.addAndGet(inside.incrementAndGet() - 1);
                    calls.incrementAndGet();
                    inside.decrementAndGet();
                  });
              outbox.deliver(real);
            }
          });
    }
    producers.forEach(pool::execute);
    // Work may hand over to the pool until everything is delivered.
    while (calls.get() < threads * each) {
      Thread.onSpinWait();
    }
    pool.shutdown();
    assertThat(pool.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(overlaps.get()).isZero();
    assertThat(calls.get()).isEqualTo(threads * each);
  }

  private static Environment.Scheduler atOnceOn(Executor pool) {
    return new Environment.Scheduler() {
      @Override
      public Environment.Cancellable schedule(Runnable work, Duration delay) {
        pool.execute(work);
        return () -> {};
      }

      @Override
      public void close() {}
    };
  }

  private void post(int... numbers) {
    for (int number : numbers) {
      outbox.post(() -> made.add(number));
    }
  }
}
