package io.holdfast.node;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Work that was decided under a lock's guard and is done outside it, in the order of decision. An
 * engine may call back into this or another node on the calling thread; holding a guard meanwhile
 * could deadlock two nodes of one process.
 */
final class Outbox {

  private final Queue<Runnable> work = new ConcurrentLinkedQueue<>();

  /** How much work is left; whoever raises it from 0 does the work of all others. */
  private final AtomicInteger pending = new AtomicInteger();

  /** Adds work. The caller holds the guard, which fixes the order. */
  void add(Runnable step) {
    work.add(step);
  }

  /** Does what was added. The caller does not hold the guard. */
  void flush() {
    if (work.isEmpty() || pending.getAndIncrement() != 0) {
      return;
    }
    int seen = 1;
    do {
      for (Runnable step = work.poll(); step != null; step = work.poll()) {
        step.run();
      }
      seen = pending.addAndGet(-seen);
    } while (seen != 0);
  }
}
