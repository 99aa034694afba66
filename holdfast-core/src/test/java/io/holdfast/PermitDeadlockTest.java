package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Circles that lead through the permits of semaphores, where these are followed. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PermitDeadlockTest extends DeadlockFixture {

  private static final LockOptions FOLLOWED = LockOptions.DEFAULT.followPermits(true);

  private CompletableFuture<Void> takesPermitThenLock(
      Holdfast node, LockOptions options, String lock, CountDownLatch everybody) {
    return start(
        "permit, then " + lock + " in " + node,
        () -> {
          try (Hold permit = node.semaphore("permits", 2, options).acquire()) {
            assertThat(permit.isHeld()).isTrue();
            everybody.countDown();
            everybody.await();
            node.lock(lock).acquire().close();
          }
        });
  }

  private CompletableFuture<Void> takesLockThenPermit(
      Holdfast node, LockOptions options, String lock, CountDownLatch everybody) {
    return start(
        lock + ", then permit in " + node,
        () -> {
          try (Hold held = node.lock(lock).acquire()) {
            assertThat(held.isHeld()).isTrue();
            everybody.countDown();
            everybody.await();
            node.semaphore("permits", 2, options).acquire().close();
          }
        });
  }

  /** Both permits are held by those who wait for the lock of who waits for a permit. */
  @Test
  void throughAllPermitsOfASemaphore() throws Exception {
    CountDownLatch everybody = new CountDownLatch(3);
    takesPermitThenLock(a, FOLLOWED, "x", everybody);
    takesPermitThenLock(b, FOLLOWED, "x", everybody);
    takesLockThenPermit(nodes.open("c"), FOLLOWED, "x", everybody);
    List<DeadlockException> victims = victims();
    assertThat(victims).hasSize(1);
    assertThat(victims.get(0).cycle()).hasSize(2);
    Await.empty(a);
  }

  @Test
  void throughPermitsInsideANode() throws Exception {
    CountDownLatch everybody = new CountDownLatch(3);
    takesPermitThenLock(a, FOLLOWED, "x", everybody);
    takesPermitThenLock(a, FOLLOWED, "x", everybody);
    takesLockThenPermit(a, FOLLOWED, "x", everybody);
    assertThat(victims()).hasSize(1);
    Await.empty(a);
  }

  /** One of the permits is held by somebody who runs: whoever waits for one waits for him. */
  @Test
  void aPermitThatMayComeBackIsNoDeadlock() throws Exception {
    CountDownLatch everybody = new CountDownLatch(2);
    Hold running = b.semaphore("permits", 2, FOLLOWED).acquire();
    takesPermitThenLock(a, FOLLOWED, "x", everybody);
    takesLockThenPermit(nodes.open("c"), FOLLOWED, "x", everybody);
    Await.waiters(a, "permits", 1);
    Await.holds("nobody gives way", A_WHILE, () -> visits.stream().noneMatch(v -> v.isDone()));
    running.close();
    assertThat(victims()).isEmpty();
    Await.empty(a);
  }

  @Test
  void permitsAreNotFollowedUnasked() throws Exception {
    CountDownLatch everybody = new CountDownLatch(2);
    Hold handedOver = b.semaphore("permits", 2).acquire();
    takesPermitThenLock(a, LockOptions.DEFAULT, "x", everybody);
    takesLockThenPermit(nodes.open("c"), LockOptions.DEFAULT, "x", everybody);
    everybody.await();
    CompletableFuture<Void> last =
        start("waits, and leaves its permit to another", () -> b.lock("x").acquire().close());
    Await.waiters(a, "permits", 1);
    Await.holds("nobody gives way", A_WHILE, () -> !last.isDone());
    handedOver.close();
    assertThat(victims()).isEmpty();
    Await.empty(a);
  }

  @Test
  void whoWaitsForHisOwnPermit() throws Exception {
    start(
        "both",
        () -> {
          DistributedSemaphore permits = a.semaphore("permits", 2, FOLLOWED);
          try (Hold both = permits.acquire(2)) {
            assertThat(both.isHeld()).isTrue();
            permits.acquire().close();
          }
        });
    List<DeadlockException> victims = victims();
    assertThat(victims).hasSize(1);
    assertThat(victims.get(0)).hasMessageContaining("deadlock of 1 owner:");
    Await.empty(a);
  }

  @Test
  void twoWhoHoldHalfOfThePermitsEach() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    for (Holdfast node : List.of(a, b)) {
      start(
          "half in " + node,
          () -> {
            DistributedSemaphore permits = node.semaphore("permits", 4, FOLLOWED);
            try (Hold half = permits.acquire(2)) {
              assertThat(half.isHeld()).isTrue();
              both.countDown();
              both.await();
              permits.acquire().close();
            }
          });
    }
    assertThat(victims()).hasSize(1);
    Await.empty(a);
  }
}
