package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.fence.Fence;
import io.holdfast.fence.StaleTokenException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FenceTest {

  @Test
  void admitsEqualAndLargerTokensAndRemembersTheLargest() {
    Fence fence = new Fence();
    assertThat(fence.highest()).isZero();
    assertThat(fence.admits(5)).isTrue();
    assertThat(fence.admits(5)).isTrue();
    assertThat(fence.admits(4)).isFalse();
    assertThat(fence.admits(9)).isTrue();
    assertThat(fence.admits(5)).isFalse();
    assertThat(fence.highest()).isEqualTo(9);
    assertThat(fence.admits(Long.MAX_VALUE)).isTrue();
  }

  @Test
  void goesOnAfterARestart() {
    Fence fence = new Fence(7);
    assertThat(fence.highest()).isEqualTo(7);
    assertThat(fence.admits(6)).isFalse();
    assertThat(fence.admits(7)).isTrue();
  }

  @Test
  void guardsAWrite() {
    Fence fence = new Fence();
    AtomicInteger writes = new AtomicInteger();
    fence.guard(2, writes::incrementAndGet);
    fence.guard(2, writes::incrementAndGet);
    assertThatThrownBy(() -> fence.guard(1, writes::incrementAndGet))
        .isInstanceOf(StaleTokenException.class)
        .hasMessageContaining("token 1 is stale, 2 was seen")
        .hasMessageContaining("acquire it again");
    assertThat(writes).hasValue(2);
  }

  @Test
  void aWriteThatFailsHasBeenAdmitted() {
    Fence fence = new Fence();
    Runnable broken =
        () -> {
          throw new IllegalStateException("disk full");
        };
    assertThatThrownBy(() -> fence.guard(3, broken)).hasMessage("disk full");
    assertThat(fence.highest()).isEqualTo(3);
  }

  @Test
  void tokensArePositive() {
    for (long token : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatThrownBy(() -> new Fence().admits(token))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("not " + token)
          .hasMessageContaining("Hold.token()");
      assertThatThrownBy(() -> new Fence().guard(token, () -> {}))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new Fence(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("give 0");
  }

  @Test
  void writesInOrderOfTokensWhateverTheThreads() {
    Fence fence = new Fence();
    AtomicLong tokens = new AtomicLong();
    List<Long> written = new ArrayList<>();
    List<Task<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      tasks.add(Task.run(() -> writeOften(fence, tokens, written)));
    }
    tasks.forEach(Task::result);
    assertThat(written).isSorted().isNotEmpty();
  }

  private static void writeOften(Fence fence, AtomicLong tokens, List<Long> written) {
    for (int i = 0; i < 1_000; i++) {
      long token = tokens.incrementAndGet();
      try {
        fence.guard(token, () -> written.add(token));
      } catch (StaleTokenException overtaken) {
        assertThat(overtaken).hasMessageContaining("" + token);
      }
    }
  }

  @Test
  void keepsAPausedHolderFromWriting() throws InterruptedException {
    try (Nodes nodes = new Nodes()) {
      LockOptions brief = LockOptions.DEFAULT.maxHold(Duration.ofMillis(30));
      DistributedLock slow = nodes.open("slow").lock("ledger", brief);
      DistributedLock next = nodes.open("next").lock("ledger");
      Fence ledger = new Fence();
      Hold paused = slow.acquire();
      Hold successor = next.acquire();
      ledger.guard(successor.token(), () -> {});
      assertThatThrownBy(() -> ledger.guard(paused.token(), () -> {}))
          .isInstanceOf(StaleTokenException.class);
      successor.close();
      paused.close();
    }
  }
}
