package io.holdfast.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.DistributedLock;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockRefusedException;
import io.holdfast.engine.Environment;
import io.holdfast.engine.RecordStore;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rule 12.2, scenario S30: what a newer version has stored is refused and left alone. */
class UnknownFormatTest {

  private static final byte[] FROM_THE_FUTURE = {(byte) 0x7F, 1, 2, 3};

  @Test
  void S30_recordOfAnUnknownVersionIsRefusedAndLeftAlone() throws Exception {
    Environment environment = Environment.system("tck");
    RecordStore store = new HeapRecordStore("future", environment);
    store.compareAndSet(new RecordStore.Write("a", 0, FROM_THE_FUTURE, Set.of()));
    try (Holdfast node = Holdfast.builder("heap:kit").space("future").connect()) {
      DistributedLock lock = node.lock("a");
      assertThatThrownBy(() -> lock.tryAcquire(Duration.ofSeconds(5)))
          .isInstanceOf(LockRefusedException.class);
      assertThatThrownBy(lock::tryAcquire).isInstanceOf(LockRefusedException.class);
      try (Hold other = node.lock("b").acquire()) {
        assertThat(other.isHeld()).isTrue();
      }
    }
    assertThat(store.read("a").toCompletableFuture().join().bytes()).isEqualTo(FROM_THE_FUTURE);
    environment.scheduler().close();
  }
}
