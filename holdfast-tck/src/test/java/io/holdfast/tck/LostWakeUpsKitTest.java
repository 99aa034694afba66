package io.holdfast.tck;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

/** The rules on an engine whose store loses half of all notifications (rule 9.1, scenario S07). */
class LostWakeUpsKitTest extends EngineKit {

  private boolean lossy = true;

  @Override
  KitTime time() {
    return new VirtualTime();
  }

  @Override
  protected Engine open(String space, Environment environment) {
    return new StoreEngine(
        new HeapRecordStore(space, environment) {
          @Override
          public CompletionStage<Void> wake(Set<Long> sessions, String name) {
            return lossy && environment.random().nextBoolean()
                ? CompletableFuture.completedFuture(null)
                : super.wake(sessions, name);
          }
        },
        environment);
  }

  @Override
  protected Duration patience() {
    return Duration.ofSeconds(20);
  }

  /** A holder that nobody waits for is told only once, and does not look by itself. */
  @Test
  @Override
  public void r9_2_holderHearsThatItsGrantWasEnded(Lab lab) {
    lossy = false;
    super.r9_2_holderHearsThatItsGrantWasEnded(lab);
  }

  /** As above. */
  @Test
  @Override
  public void r11_6_forceReleaseEndsTheGrantAndHandsOver(Lab lab) {
    lossy = false;
    super.r11_6_forceReleaseEndsTheGrantAndHandsOver(lab);
  }
}
