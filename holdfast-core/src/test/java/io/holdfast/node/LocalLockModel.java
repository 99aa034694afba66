package io.holdfast.node;

import static io.holdfast.node.NodeWorld.owner;

import io.holdfast.LockOptions;
import io.holdfast.rules.Mode;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * What can happen to a local lock that is held, for Lincheck to mix: threads that park, futures and
 * their cancellation, another node that wants the lock.
 *
 * <p>What must hold at every moment: one inside at a time, and nobody loses a hold. At the end:
 * everybody was served or gave up, nobody is forgotten in a queue, no grant is kept by accident. A
 * thread that is never woken again is reported by Lincheck itself.
 *
 * <p>All schedules of all this are far too many. Chosen ones are tried with one operation per
 * thread after one that prepares, where a race is lost with one or two switches; random ones with
 * more.
 */
public abstract class LocalLockModel {

  private final TwoNodes nodes;
  private final long held;
  private final Queue<CompletableFuture<Long>> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger owners = new AtomicInteger();

  LocalLockModel(LockOptions options) {
    nodes = new TwoNodes(options);
    held = NodeWorld.write(nodes.here, "holder").join();
  }

  @Operation
  public void release() {
    nodes.here.release(owner("holder"), Mode.EXCLUSIVE, held);
  }

  @Operation
  public void cancel() {
    CompletableFuture<Long> somebody = waiting.poll();
    if (somebody != null) {
      somebody.cancel(false);
    }
  }

  /** Parks if it must, so somebody has to release. */
  @Operation
  public void releaseAndUse() {
    release();
    nodes.use();
  }

  @Operation
  public void useWithoutWaiting() {
    nodes.useWithoutWaiting();
  }

  @Operation
  public void useLater() {
    waiting.add(nodes.useLater(nodes.here, "owner-" + owners.incrementAndGet()));
  }

  @Operation
  public void useElsewhere() {
    nodes.useLater(nodes.elsewhere, "owner-" + owners.incrementAndGet());
  }

  @Operation
  public void giveBackWhatIsIdle() {
    nodes.here.releaseIdle(Long.MAX_VALUE);
  }

  /** Called by Lincheck when all threads are through. */
  @Validate
  public void nothingIsLeft() {
    release();
    nodes.mustBeAtRest();
  }

  /** Nothing of what the operations do is to be seen in their results. */
  public static final class Unseen {
    public void release() {}

    public void cancel() {}

    public void releaseAndUse() {}

    public void useWithoutWaiting() {}

    public void useLater() {}

    public void useElsewhere() {}

    public void giveBackWhatIsIdle() {}
  }
}
