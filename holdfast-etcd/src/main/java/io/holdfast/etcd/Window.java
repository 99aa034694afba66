package io.holdfast.etcd;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Bounds how many calls are under way; the others wait in order. Ten thousand calls at once would
 * not be answered sooner: they would all be slow, time out together, and be taken for sent.
 */
final class Window {

  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger free;

  /** Counts those who come by while somebody starts calls; he does their part. */
  private final AtomicInteger comers = new AtomicInteger();

  Window(int size) {
    free = new AtomicInteger(size);
  }

  /** Starts a call now or when others have ended. Each call that was started ends with a leave. */
  void enter(Runnable call) {
    waiting.add(call);
    startWaiting();
  }

  void leave() {
    free.incrementAndGet();
    startWaiting();
  }

  /** A loop and not a recursion, because a call may end at once. */
  private void startWaiting() {
    if (comers.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    while (seen != 0) {
      while (free.get() > 0) {
        Runnable call = waiting.poll();
        if (call == null) {
          break;
        }
        free.decrementAndGet();
        call.run();
      }
      seen = comers.addAndGet(-seen);
    }
  }
}
