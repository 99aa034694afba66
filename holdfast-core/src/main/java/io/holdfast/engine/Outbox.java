package io.holdfast.engine;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes calls one after the other, in the order in which they were posted, on whichever thread
 * comes by. What was decided under a lock is posted there and delivered outside it: a listener may
 * call back into this or another node on the same thread, and holding a lock meanwhile could
 * deadlock two nodes of one process. Thread-safe.
 *
 * <p>A call may cause further calls. They are posted and made by the loop that is running already,
 * so the stack does not grow, and nobody waits for anybody. A thread that came by serves at most
 * {@link #BUDGET} calls; the scheduler takes over the rest, so that no caller is kept from its own
 * work by the conversation of others.
 */
public final class Outbox {

  /** How many calls one thread makes at a time. */
  static final int BUDGET = 256;

  private static final Logger LOG = LoggerFactory.getLogger(Outbox.class);

  private enum State {
    IDLE,
    DELIVERING,
    /**
     * Left to the scheduler. Whoever comes by first may take over, so that nothing is stuck should
     * the scheduler have been closed.
     */
    HANDED_OVER
  }

  private final Queue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

  /** Adds a call, to be made by the next {@link #deliver}. */
  public void post(Runnable call) {
    calls.add(call);
  }

  /** Makes the posted calls, unless another thread or a caller further up is doing so. */
  public void deliver(Environment.Scheduler scheduler) {
    while (!calls.isEmpty() && begin()) {
      boolean emptied = false;
      try {
        emptied = drain();
      } finally {
        state.set(emptied ? State.IDLE : State.HANDED_OVER);
      }
      if (!emptied) {
        scheduler.schedule(() -> deliver(scheduler), Duration.ZERO);
        return;
      }
      // Look again: a call posted after the queue was seen empty found the state not yet idle.
    }
  }

  private boolean begin() {
    return state.compareAndSet(State.IDLE, State.DELIVERING)
        || state.compareAndSet(State.HANDED_OVER, State.DELIVERING);
  }

  private boolean drain() {
    for (int made = 0; made < BUDGET; made++) {
      Runnable call = calls.poll();
      if (call == null) {
        return true;
      }
      try {
        call.run();
      } catch (RuntimeException broken) {
        // Calls promise not to throw; one that does must not silence the others.
        LOG.error("A call threw; what it had to tell may be missed", broken);
      }
    }
    return false;
  }
}
