package io.holdfast.node;

import static io.holdfast.node.NodeWorld.unlock;
import static io.holdfast.node.NodeWorld.write;
import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.LockOptions;
import io.holdfast.rules.Event;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** {@link DirectLock}, step by step, on one thread. */
class DirectLockTest {

  private static final LockOptions STRICT =
      LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT);

  private final NodeWorld world = new NodeWorld();
  private final NodeWorld.Member a = world.join("a");
  private final NodeWorld.Member b = world.join("b");
  private final NodeWorld.Member c = world.join("c");

  /** Else a deadlock through that grant would not be searched for. */
  @Test
  void aRevokeThatOvertakesTheNewsOfItsGrantIsNotForgotten() {
    LocalLock lock = a.mutex("lock", STRICT);
    long first = write(c.mutex("lock", STRICT), "c1").join();
    CompletableFuture<Long> second = write(lock, "a1");
    CompletableFuture<Long> third = write(b.mutex("lock", STRICT), "b1");

    a.engine.eventsHeld = true;
    unlock(c.mutex("lock", STRICT), "c1", first);
    assertThat(second).isNotDone();
    assertThat(a.engine.heldEvents())
        .hasExactlyElementsOfTypes(Event.Granted.class, Event.Revoke.class);
    a.engine.passEventsBackwards();

    assertThat(second).isCompleted();
    assertThat(lock.kept()).as("what a keeps").singleElement().matches(kept -> kept.ask().revoked);
    unlock(lock, "a1", second.join());
    assertThat(third).isCompleted();
  }
}
