package io.holdfast.peers;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.LockOptions;
import java.time.Duration;

/**
 * Holdfast with its default settings, but for names that are to be taken cold, or strictly fair.
 */
final class HoldfastContender implements Contender {

  private static final LockOptions COLD = LockOptions.DEFAULT.retention(LockOptions.Retention.OFF);

  private final Holdfast holdfast;
  private final LockOptions contended;

  HoldfastContender(String uri, LockOptions.Fairness fairness) {
    contended = LockOptions.DEFAULT.fairness(fairness);
    holdfast = connect(uri);
  }

  /** A node with default settings, which a busy machine may take a minute to connect. */
  static Holdfast connect(String uri) {
    return Holdfast.builder(uri).connectTimeout(Duration.ofMinutes(1)).connect();
  }

  @Override
  public Taken take(String name) throws InterruptedException {
    Hold hold = holdfast.lock(name, name.startsWith(Cold.PREFIX) ? COLD : contended).acquire();
    return hold::close;
  }

  @Override
  public void close() {
    holdfast.close();
  }
}
