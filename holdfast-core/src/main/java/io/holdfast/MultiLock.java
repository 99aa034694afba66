package io.holdfast;

import io.holdfast.engine.Environment;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * Several locks that are acquired together: in the order of their names, so that two multi-locks
 * cannot wait for each other; under one deadline; all or none. Thread-safe.
 */
public final class MultiLock {

  private final List<DistributedLock> locks;
  private final LongSupplier nanoTime;

  MultiLock(List<DistributedLock> sorted, LongSupplier nanoTime) {
    this.locks = List.copyOf(sorted);
    this.nanoTime = nanoTime;
  }

  /** The names, in the order of acquisition. */
  public List<String> names() {
    return locks.stream().map(DistributedLock::name).toList();
  }

  /**
   * Acquires all for the calling thread, and waits as long as it takes.
   *
   * @return one hold of all; each lock's token is in its {@link Hold#parts()}
   * @throws InterruptedException if interrupted; nothing is held because of the call
   */
  public Hold acquire() throws InterruptedException {
    return acquireEach(lock -> Optional.of(lock.acquire())).orElseThrow();
  }

  /**
   * Acquires all for the calling thread if nobody uses any of them.
   *
   * @return empty if somebody uses one; none is held then
   */
  public Optional<Hold> tryAcquire() {
    try {
      return acquireEach(DistributedLock::tryAcquire);
    } catch (InterruptedException impossible) {
      throw new IllegalStateException("a try does not wait for interrupts", impossible);
    }
  }

  /**
   * Acquires all for the calling thread within a time.
   *
   * @param wait for all together, more than zero
   * @return empty if not all were granted in time; none is held then
   * @throws InterruptedException if interrupted; nothing is held because of the call
   */
  public Optional<Hold> tryAcquire(Duration wait) throws InterruptedException {
    long nanos = Environment.saturatedNanos(Durations.requirePositive("the time to wait", wait));
    long deadline = nanoTime.getAsLong() + nanos;
    return acquireEach(
        lock -> {
          long left = deadline - nanoTime.getAsLong();
          return left > 0 ? lock.tryAcquire(Duration.ofNanos(left)) : Optional.empty();
        });
  }

  private interface Step {
    Optional<Hold> acquire(DistributedLock lock) throws InterruptedException;
  }

  private Optional<Hold> acquireEach(Step step) throws InterruptedException {
    Deque<Hold> held = new ArrayDeque<>();
    boolean complete = false;
    try {
      for (DistributedLock lock : locks) {
        Optional<Hold> next = step.acquire(lock);
        if (next.isEmpty()) {
          return Optional.empty();
        }
        held.push(next.get());
      }
      complete = true;
    } finally {
      if (!complete) {
        held.forEach(Hold::close);
      }
    }
    List<Hold> parts = new ArrayList<>(held);
    Collections.reverse(parts);
    return Optional.of(new MultiHold(List.copyOf(parts)));
  }

  private record MultiHold(List<Hold> parts) implements Hold {

    @Override
    public String name() {
      return String.join(" + ", parts.stream().map(Hold::name).toList());
    }

    @Override
    public long token() {
      if (parts.size() == 1) {
        return parts.get(0).token();
      }
      throw new UnsupportedOperationException(
          "a hold of several locks has a token for each: ask its parts()");
    }

    @Override
    public boolean isHeld() {
      return parts.stream().allMatch(Hold::isHeld);
    }

    @Override
    public Duration remaining() {
      return parts.stream().map(Hold::remaining).min(Duration::compareTo).orElse(Duration.ZERO);
    }

    @Override
    public void ensureHeld() {
      parts.forEach(Hold::ensureHeld);
    }

    @Override
    public Hold onLost(Consumer<Loss> listener) {
      AtomicBoolean told = new AtomicBoolean();
      Consumer<Loss> first =
          loss -> {
            if (told.compareAndSet(false, true)) {
              listener.accept(loss);
            }
          };
      parts.forEach(part -> part.onLost(first));
      return this;
    }

    @Override
    public Release release() {
      Release all = Release.RELEASED;
      for (int i = parts.size() - 1; i >= 0; i--) {
        if (parts.get(i).release() == Release.ALREADY_LOST) {
          all = Release.ALREADY_LOST;
        }
      }
      return all;
    }

    @Override
    public void close() {
      release();
    }
  }
}
