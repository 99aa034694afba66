package io.holdfast;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import org.junit.jupiter.api.AfterEach;

/** One lock of a node by its view as a {@link Lock}, in either style. */
abstract class ClassicLockFixture {

  static final long SHORT_MILLIS = 60;

  final Nodes nodes = new Nodes();
  final Holdfast node = nodes.open("a");
  final Style style;
  final Lock lock;

  ClassicLockFixture(Style style) {
    this.style = style;
    this.lock = node.lock("classic", style.options()).asLock();
  }

  @AfterEach
  void close() {
    nodes.close();
  }

  boolean freeForOthers() {
    return Task.elsewhere(
        () -> {
          boolean got = lock.tryLock();
          if (got) {
            lock.unlock();
          }
          return got;
        });
  }

  void assertNotMine() {
    assertThatThrownBy(lock::unlock).isExactlyInstanceOf(IllegalMonitorStateException.class);
  }

  /** Holds the lock on another thread until it is told to go. */
  final class Holder {
    private final AtomicBoolean inside = new AtomicBoolean();
    private final AtomicBoolean leave = new AtomicBoolean();
    private final Task<Boolean> task;

    Holder() {
      task =
          Task.run(
              () -> {
                lock.lock();
                try {
                  inside.set(true);
                  Await.until("the holder may go", leave::get);
                } finally {
                  lock.unlock();
                }
              });
      Await.until("the holder is inside", inside::get);
    }

    void leave() {
      leave.set(true);
      task.result();
    }
  }

  void lockAndUnlock() {
    lock.lock();
    lock.unlock();
  }
}
