package io.holdfast.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SystemEnvironmentTest {

  private static final long LIMIT_SECONDS = 30;

  private final Environment.Scheduler scheduler = Environment.system("tested").scheduler();
  private final CountDownLatch began = new CountDownLatch(1);
  private final CountDownLatch end = new CountDownLatch(1);

  @AfterEach
  void close() {
    end.countDown();
    scheduler.close();
  }

  @Test
  void urgentWorkDoesNotWaitForOtherWork() throws InterruptedException {
    scheduler.schedule(this::stayUntilTheEnd, Duration.ZERO);
    await(began);
    CountDownLatch urgent = new CountDownLatch(1);

    scheduler.scheduleUrgent(urgent::countDown, Duration.ofMillis(1));

    await(urgent);
  }

  private void stayUntilTheEnd() {
    began.countDown();
    try {
      // Longer than anybody waits for the urgent work.
      end.await();
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    }
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
  }
}
