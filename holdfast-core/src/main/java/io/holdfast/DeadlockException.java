package io.holdfast;

import java.time.Instant;
import java.util.List;

/**
 * The wait was part of a circle in which everybody waits for the next one, and was ended so that
 * the others can go on: it was the youngest of them. Nothing is held because of the failed call;
 * what the owner held before, it still holds. Release that, then try again; acquire locks in the
 * same order everywhere, or together with {@link Holdfast#lockAll}, and it cannot happen.
 */
public final class DeadlockException extends LockRefusedException {

  private static final long serialVersionUID = 1L;

  private final transient List<WaitChain.Link> cycle;

  /**
   * Names a circle.
   *
   * @param cycle each waits for what the next one holds, the last for what the first one holds; the
   *     first one is the owner that gave way
   * @param now to count ages to
   */
  public DeadlockException(List<WaitChain.Link> cycle, Instant now) {
    super(
        "deadlock of "
            + cycle.size()
            + (cycle.size() == 1 ? " owner:\n" : " owners:\n")
            + WaitChain.describe(cycle, now)
            + "\nthe first of them gave way, because its wait began last: release what it holds,"
            + " then try again");
    this.cycle = List.copyOf(cycle);
  }

  /**
   * The circle: each waits for what the next one holds, the last for what the first one holds; the
   * first one is the owner that gave way. Empty after deserialization.
   */
  public List<WaitChain.Link> cycle() {
    return cycle == null ? List.of() : cycle;
  }
}
