package io.holdfast.node;

import static io.holdfast.node.NodeWorld.owner;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.DeadlockException;
import io.holdfast.LockOptions;
import io.holdfast.rules.LockKind;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** A long ring that runs through one node fits into its report, whatever else is wanted of it. */
class LongReportTest {

  private static final int OWNERS = 60;

  private final NodeWorld world = new NodeWorld();
  private final NodeWorld.Member a = world.join("a");
  private final NodeWorld.Member b = world.join("b");

  /** With a label of the length that threads of pools have. */
  private static String name(int number) {
    return "owner number " + number + " of the ring that runs through node a only";
  }

  /** The last one waits for a permit of the first one; so the circle is seen in the report only. */
  @Test
  void aRingInOneNodeIsFoundThoughAnotherWantsAllOfIt() {
    List<CompletableFuture<Long>> waits = new ArrayList<>();
    permit(name(0)).join();
    for (int i = 1; i < OWNERS; i++) {
      write(a.mutex("ring/" + i), name(i)).join();
    }
    for (int i = 1; i < OWNERS; i++) {
      waits.add(write(a.mutex("ring/" + i), name(i - 1)));
      write(b.mutex("ring/" + i), "bystander " + i);
    }
    waits.add(permit(name(OWNERS - 1)));

    world.time.advance(Duration.ofSeconds(2));

    List<CompletableFuture<Long>> ended =
        waits.stream().filter(CompletableFuture::isCompletedExceptionally).toList();
    assertThat(ended).as("those who gave way").hasSize(1);
    DeadlockException deadlock =
        ended.get(0).handle((token, failure) -> (DeadlockException) cause(failure)).join();
    assertThat(deadlock.cycle()).hasSize(OWNERS);
  }

  private static Throwable cause(Throwable failure) {
    return failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
  }

  private CompletableFuture<Long> permit(String who) {
    return a.node
        .lock("permit", LockKind.semaphore(1), LockOptions.DEFAULT.followPermits(true))
        .acquireAsync(new PermitOwner(owner(who)), Mode.permits(1), LocalLock.FOREVER);
  }
}
