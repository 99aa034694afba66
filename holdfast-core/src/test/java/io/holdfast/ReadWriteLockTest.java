package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Read-write locks beyond the classic view: tokens, upgrade, named owners. */
@Execution(ExecutionMode.CONCURRENT)
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ParameterizedClass
@EnumSource(Style.class)
class ReadWriteLockTest {

  private final Nodes nodes = new Nodes();
  private final Style style;
  private final Holdfast a = nodes.open(nodes.builder("a").retainFor(Duration.ofMillis(100)));
  private final Holdfast b = nodes.open(nodes.builder("b").retainFor(Duration.ofMillis(100)));
  private final DistributedReadWriteLock here;
  private final DistributedReadWriteLock there;

  ReadWriteLockTest(Style style) {
    this.style = style;
    here = a.readWriteLock("catalog", style.options());
    there = b.readWriteLock("catalog", style.options());
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  private boolean isFree(DistributedLock side) {
    Optional<Hold> hold = Task.elsewhere(() -> side.tryAcquire());
    hold.ifPresent(Hold::close);
    return hold.isPresent();
  }

  @Test
  void sidesHaveOneName() {
    assertThat(here.name()).isEqualTo("catalog");
    assertThat(here.readLock().name()).isEqualTo("catalog");
    assertThat(here.writeLock().name()).isEqualTo("catalog");
  }

  @Test
  void tokensGrowFromPhaseToPhase() throws InterruptedException {
    long last = 0;
    for (int i = 0; i < 10; i++) {
      DistributedReadWriteLock side = i % 2 == 0 ? here : there;
      try (Hold write = side.writeLock().acquire()) {
        assertThat(write.token()).isGreaterThan(last);
        last = write.token();
      }
      try (Hold read = side.readLock().acquire();
          Hold again = side.readLock().acquire()) {
        assertThat(read.token()).isGreaterThanOrEqualTo(last);
        assertThat(again.token()).isEqualTo(read.token());
        last = read.token();
      }
    }
  }

  @Test
  void readersOfOnePhaseShareAToken() throws InterruptedException {
    here.writeLock().acquire().close();
    Hold first = here.readLock().acquire();
    Hold second = Task.elsewhere(() -> here.readLock().acquire());
    Hold third = there.readLock().acquire();
    Hold fourth = Task.elsewhere(() -> there.readLock().acquire());
    assertThat(second.token()).isEqualTo(first.token());
    assertThat(fourth.token()).isEqualTo(third.token());
    for (Hold hold : new Hold[] {first, second, third, fourth}) {
      hold.close();
    }
    try (Hold write = there.writeLock().acquire()) {
      assertThat(write.token()).isGreaterThan(Math.max(first.token(), third.token()));
    }
  }

  @Test
  void anOnlyReaderMayUpgrade() throws InterruptedException {
    Hold read = here.readLock().acquire();
    Hold write = here.tryUpgrade(read).orElseThrow();
    assertThat(write.token()).isGreaterThan(read.token());
    assertThat(write.isHeld()).isTrue();
    assertThat(isFree(here.readLock())).isFalse();
    assertThat(isFree(there.readLock())).isFalse();
    write.close();
    assertThat(read.isHeld()).isTrue();
    read.ensureHeld();
    assertThat(isFree(here.writeLock())).isFalse();
    assertThat(isFree(there.writeLock())).isFalse();
    read.close();
    assertThat(isFree(there.writeLock())).isTrue();
  }

  @Test
  void afterAnUpgradeTheLockIsAReadersAgain() throws InterruptedException {
    Hold read = here.readLock().acquire();
    here.tryUpgrade(read).orElseThrow().close();
    assertThat(isFree(here.readLock())).isTrue();
    there.readLock().acquire(Await.LIMIT).close();
    read.close();
  }

  @Test
  void theReadHoldMayEndBeforeTheUpgraded() throws InterruptedException {
    Hold read = here.readLock().acquire();
    Hold write = here.tryUpgrade(read).orElseThrow();
    read.close();
    assertThat(write.isHeld()).isTrue();
    assertThat(isFree(there.readLock())).isFalse();
    write.close();
    assertThat(isFree(there.writeLock())).isTrue();
  }

  @Test
  void aReaderAmongOthersMayNotUpgrade() throws InterruptedException {
    Hold read = here.readLock().acquire();
    Hold local = Task.elsewhere(() -> here.readLock().acquire());
    assertThat(here.tryUpgrade(read)).isEmpty();
    local.close();
    Hold remote = there.readLock().acquire();
    assertThat(here.tryUpgrade(read)).isEmpty();
    assertThat(read.isHeld()).isTrue();
    assertThat(remote.isHeld()).isTrue();
    remote.close();
    Await.until(
        "the other node has given its read lock back",
        () -> a.inspector().explain("catalog").orElseThrow().holders().size() == 1);
    here.tryUpgrade(read).orElseThrow().close();
    read.close();
  }

  @Test
  void anUpgradePassesWaitingWriters() throws InterruptedException {
    Hold read = here.readLock().acquire();
    Task<Boolean> local = Task.parked(() -> here.writeLock().acquire().close());
    Task<Boolean> remote = Task.parked(() -> there.writeLock().acquire().close());
    Hold write = here.tryUpgrade(read).orElseThrow();
    assertThat(local.isDone() || remote.isDone()).isFalse();
    write.close();
    assertThat(read.isHeld()).isTrue();
    read.close();
    local.result();
    remote.result();
  }

  @Test
  void onlyAHoldOfThisReadLockCanBeUpgraded() throws InterruptedException {
    Hold foreign = a.readWriteLock("other", style.options()).readLock().acquire();
    assertThatThrownBy(() -> here.tryUpgrade(foreign))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("read lock of catalog");
    Hold remote = there.readLock().acquire();
    assertThatThrownBy(() -> here.tryUpgrade(remote)).isInstanceOf(IllegalArgumentException.class);
    remote.close();
    assertThatThrownBy(() -> there.tryUpgrade(remote)).isInstanceOf(IllegalStateException.class);
    Hold write = here.writeLock().acquire(Await.LIMIT);
    assertThatThrownBy(() -> here.tryUpgrade(write))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not hold of catalog, EXCLUSIVE");
    write.close();
  }

  @Test
  void namedOwnersReadWriteAndDowngrade() {
    Owner saga = Owner.of("saga");
    Hold write = Await.result(here.writeLock().acquireAsync(saga));
    Hold read = Await.result(here.readLock().acquireAsync(saga));
    assertThat(Await.result(here.readLock().tryAcquireAsync(Owner.of("x")))).isEmpty();
    write.close();
    assertThat(Await.result(here.readLock().tryAcquireAsync(Owner.of("x")))).isPresent();
    assertThat(Await.result(here.writeLock().tryAcquireAsync(saga))).isEmpty();
    assertThat(read.isHeld()).isTrue();
    read.close();
  }

  @Test
  void aReaderThatAsksToWriteIsRefusedAtOnce() throws InterruptedException {
    Hold read = here.readLock().acquire();
    assertThatThrownBy(() -> here.writeLock().acquire())
        .isInstanceOf(LockRefusedException.class)
        .hasMessageContaining("release the read lock first");
    assertThatThrownBy(() -> here.writeLock().tryAcquire(Duration.ofHours(1)))
        .isInstanceOf(LockRefusedException.class);
    assertThat(here.writeLock().tryAcquire()).isEmpty();
    read.close();
    here.writeLock().acquire(Await.LIMIT).close();
  }

  @Test
  void knowsTheSideThatAThreadHolds() throws InterruptedException {
    Hold read = here.readLock().acquire();
    assertThat(here.readLock().isHeldByCurrentThread()).isTrue();
    assertThat(here.writeLock().isHeldByCurrentThread()).isFalse();
    read.close();
    assertThat(here.readLock().isHeldByCurrentThread()).isFalse();
  }
}
