package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** S25: everybody can know who holds a lock, and who waits. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class InspectorTest {

  private final Nodes nodes = new Nodes();
  private final Holdfast a = nodes.open("billing-7");
  private final Holdfast b = nodes.open("billing-8");
  private final DistributedLock lock;
  private final DistributedLock other;
  private final ConcurrentLinkedQueue<Loss> losses = new ConcurrentLinkedQueue<>();

  InspectorTest(Style style) {
    lock = a.lock("orders/42", style.options());
    other = b.lock("orders/42", style.options());
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  private LockReport report() {
    return b.inspector().explain("orders/42").orElseThrow();
  }

  @Test
  void aLockAtRestIsAbsent() {
    assertThat(a.inspector().explain("orders/42")).isEmpty();
    assertThat(a.inspector().list("")).isEmpty();
  }

  @Test
  void s25_showsTheHolder() {
    Instant before = Instant.now().minusSeconds(1);
    Hold hold = Await.result(lock.acquireAsync(Owner.of("saga-42")));
    LockReport report = report();
    assertThat(report.name()).isEqualTo("orders/42");
    assertThat(report.kind()).isEqualTo(LockKind.MUTEX);
    assertThat(report.waiters()).isEmpty();
    assertThat(report.holders()).hasSize(1);
    LockReport.Holder holder = report.holders().get(0);
    assertThat(holder.owner()).isEqualTo("saga-42");
    assertThat(holder.mode()).isEqualTo(Mode.EXCLUSIVE);
    assertThat(holder.token()).isPositive().isLessThanOrEqualTo(hold.token());
    assertThat(holder.since()).isBetween(before, Instant.now().plusSeconds(1));
    assertThat(holder.party().node()).isEqualTo("billing-7");
    assertThat(holder.party().host()).isNotBlank();
    assertThat(holder.party().pid()).isEqualTo(ProcessHandle.current().pid());
    hold.close();
  }

  @Test
  void s25_namesTheThread() throws InterruptedException {
    Hold hold = lock.acquire();
    assertThat(report().holders().get(0).owner()).isEqualTo(Thread.currentThread().getName());
    hold.close();
  }

  @Test
  void s25_showsTheQueueInOrderWithAges() throws InterruptedException {
    Instant before = Instant.now().minusSeconds(1);
    Hold hold = lock.acquire();
    var second = other.acquireAsync(Owner.of("second"));
    Await.waiters(a, "orders/42", 1);
    Holdfast c = nodes.open("billing-9");
    var third = c.lock("orders/42").acquireAsync(Owner.of("third"));
    Await.waiters(a, "orders/42", 2);
    LockReport report = report();
    assertThat(report.waiters()).extracting(LockReport.Waiting::owner).contains("second", "third");
    assertThat(report.waiters())
        .extracting(waiting -> waiting.party().node())
        .containsExactly("billing-8", "billing-9");
    assertThat(report.waiters())
        .allSatisfy(
            waiting -> {
              assertThat(waiting.mode()).isEqualTo(Mode.EXCLUSIVE);
              assertThat(waiting.since()).isBetween(before, Instant.now().plusSeconds(1));
            });
    assertThat(report.describe(report.holders().get(0).since().plusMillis(3_140)))
        .startsWith("orders/42 held by billing-7 (pid " + ProcessHandle.current().pid())
        .contains(Thread.currentThread().getName())
        .contains("for 3.1 s")
        .endsWith("2 waiting");
    hold.close();
    Await.result(second).close();
    Await.result(third).close();
  }

  @Test
  void s25_aFailedTryCarriesTheHolder() throws InterruptedException {
    Hold hold = lock.acquire();
    assertThatThrownBy(() -> other.acquire(Duration.ofMillis(30)))
        .isInstanceOfSatisfying(
            LockTimeoutException.class,
            late ->
                assertThat(late.report().orElseThrow().holders().get(0).party().node())
                    .isEqualTo("billing-7"));
    hold.close();
  }

  @Test
  void listsByPrefixInOrderOverManyPages() throws InterruptedException {
    List<Hold> holds = new ArrayList<>();
    for (int i = 0; i < 1_201; i++) {
      holds.add(a.lock("page/" + String.format("%04d", i)).acquire());
    }
    holds.add(a.lock("other").acquire());
    List<String> names = b.inspector().list("page/").stream().map(LockReport::name).toList();
    assertThat(names).hasSize(1_201).isSorted().doesNotHaveDuplicates();
    assertThat(b.inspector().list("nothing")).isEmpty();
    assertThat(b.inspector().list("")).hasSize(1_202);
    holds.forEach(Hold::close);
  }

  @Test
  void s25_forceReleaseEndsExactlyTheHoldThatWasSeen() throws InterruptedException {
    Hold hold = lock.acquire();
    hold.onLost(losses::add);
    LockReport.Holder seen = report().holders().get(0);
    Task<Hold> next = Task.start(other::acquire);
    next.awaitParked();
    assertThat(b.inspector().forceRelease("orders/42", seen)).isTrue();
    Hold successor = next.result();
    assertThat(successor.token()).isGreaterThan(hold.token());
    Await.until("the loss is told", () -> !losses.isEmpty());
    assertThat(losses).containsExactly(new Loss("orders/42", hold.token(), Loss.Cause.FORCED));
    assertThat(hold.isHeld()).isFalse();
    assertThatThrownBy(hold::ensureHeld)
        .isInstanceOf(HoldLostException.class)
        .hasMessageContaining("by force");
    assertThat(b.inspector().forceRelease("orders/42", seen)).isFalse();
    assertThat(successor.isHeld()).isTrue();
    assertThat(hold.release()).isEqualTo(Hold.Release.ALREADY_LOST);
    assertThat(successor.isHeld()).isTrue();
    successor.close();
    lock.acquire().close();
  }

  @Test
  void s25_forceReleaseOfALockAtRestChangesNothing() throws InterruptedException {
    Hold hold = lock.acquire();
    LockReport.Holder seen = report().holders().get(0);
    hold.close();
    other.acquire().close();
    Await.empty(a);
    assertThat(b.inspector().forceRelease("orders/42", seen)).isFalse();
    assertThat(b.inspector().forceRelease("never used", seen)).isFalse();
  }

  @Test
  void aForcedReaderIsLostAndTheWriterEnters() throws InterruptedException {
    DistributedReadWriteLock rw = a.readWriteLock("rw");
    Hold read = rw.readLock().acquire();
    read.onLost(losses::add);
    Task<Boolean> writer = Task.parked(() -> b.readWriteLock("rw").writeLock().acquire().close());
    LockReport.Holder seen = b.inspector().explain("rw").orElseThrow().holders().get(0);
    assertThat(seen.mode()).isEqualTo(Mode.SHARED);
    assertThat(b.inspector().forceRelease("rw", seen)).isTrue();
    writer.result();
    Await.until("the loss is told", () -> losses.size() == 1);
    assertThat(read.release()).isEqualTo(Hold.Release.ALREADY_LOST);
  }

  @Test
  void showsPermits() throws InterruptedException {
    Hold hold = a.semaphore("gpu", 4).acquire(3);
    LockReport report = b.inspector().explain("gpu").orElseThrow();
    assertThat(report.kind()).isEqualTo(LockKind.semaphore(4));
    assertThat(report.holders().get(0).mode()).isEqualTo(Mode.permits(3));
    hold.close();
  }

  @Test
  void badNamesAreRefused() {
    assertThatThrownBy(() -> a.inspector().explain(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be empty");
  }

  @Test
  void describesTheEngine() {
    assertThat(a.inspector().engine().location()).contains("memory:");
    assertThat(a.inspector().engine().guarantees()).isNotEmpty();
  }
}
