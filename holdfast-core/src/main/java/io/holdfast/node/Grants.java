package io.holdfast.node;

import io.holdfast.LockOptions;
import io.holdfast.rules.Event;
import io.holdfast.rules.Mode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link NodeLock} has at the engine: at most one request per mode class, asked for or
 * granted, and whether a grant is worth keeping. Guarded by the lock.
 */
final class Grants {

  /** From this count on a released lock is retained; see {@link #stickiness}. */
  private static final int STICKY = 2;

  private static final int STICKIEST = 3;

  private final LockOptions options;
  private final NodeContext node;
  private @Nullable Ask exclusive;
  private @Nullable Ask shared;

  /** Revoked shared grants whose readers have not all left; new readers came under another one. */
  private final List<Ask> draining = new ArrayList<>(0);

  /**
   * Two-bit saturating counter (J. E. Smith, "A Study of Branch Prediction Strategies", 1981): up
   * when the lock came without contention, down when another node wanted it back.
   */
  private int stickiness = STICKY;

  Grants(LockOptions options, NodeContext node) {
    this.options = options;
    this.node = node;
  }

  @Nullable Ask exclusive() {
    return exclusive;
  }

  @Nullable Ask shared() {
    return shared;
  }

  @Nullable Ask of(Mode mode) {
    return mode.isExclusive() ? exclusive : shared;
  }

  List<Ask> all() {
    return Stream.concat(
            Stream.of(exclusive, shared).flatMap(Stream::ofNullable), draining.stream())
        .toList();
  }

  boolean isEmpty() {
    return exclusive == null && shared == null && draining.isEmpty();
  }

  void put(Ask ask) {
    if (ask.mode.isExclusive()) {
      exclusive = ask;
    } else {
      shared = ask;
    }
  }

  void drop(Ask ask) {
    if (ask == exclusive) {
      exclusive = null;
    } else if (ask == shared) {
      shared = null;
    } else {
      draining.remove(ask);
    }
  }

  /**
   * Makes room for another shared request while the readers of a revoked grant are still inside:
   * the engine decides whether new readers come before or after those who wait elsewhere.
   */
  void letDrain() {
    if (shared != null && shared.granted() && shared.revoked && !shared.downgrading) {
      draining.add(shared);
      shared = null;
    }
  }

  /** The shared grants under which no new reader may enter. */
  List<Ask> draining() {
    return List.copyOf(draining);
  }

  void clear() {
    exclusive = null;
    shared = null;
    draining.clear();
  }

  /** A grant changes its mode: an upgrade or a downgrade. */
  void change(Ask ask, Mode mode) {
    drop(ask);
    ask.mode = mode;
    put(ask);
  }

  boolean isCurrent(Ask ask) {
    return ask == exclusive || ask == shared || draining.contains(ask);
  }

  @Nullable Ask about(Event event) {
    for (Ask ask : all()) {
      if (ask.request.equals(event.request())) {
        return ask;
      }
    }
    return null;
  }

  boolean mayWrite() {
    return exclusive != null && exclusive.granted();
  }

  /** Whether local readers may enter, if no local writer is inside. */
  boolean mayRead(boolean withinSlice) {
    if (mayWrite()) {
      return withinSlice || !isRevoked();
    }
    return shared != null && shared.granted() && !shared.revoked && !shared.downgrading;
  }

  boolean isRevoked() {
    return exclusive != null && exclusive.revoked;
  }

  /** Whether a revoked exclusive grant has served this node for long enough. */
  boolean sliceIsOver() {
    return exclusive != null
        && exclusive.revoked
        && node.now() - exclusive.revokedAt >= node.sender().timeSliceNanos();
  }

  /** Whether a request of this mode is on behalf of others: still asked for, or wanted back. */
  boolean isBusy(Mode mode) {
    return isTaken(exclusive) || (mode.isShared() && isTaken(shared));
  }

  private static boolean isTaken(@Nullable Ask ask) {
    return ask != null && (!ask.granted() || ask.revoked || ask.downgrading);
  }

  /** Whether the lock is kept when its last owner leaves. */
  boolean retains() {
    return options.retention() == LockOptions.Retention.ADAPTIVE
        && stickiness >= STICKY
        && node.active().size() <= node.maxRetained();
  }

  void cameWithoutContention() {
    stickiness = Math.min(STICKIEST, stickiness + 1);
  }

  /**
   * Another node waits for a grant.
   *
   * @return false if that was known
   */
  boolean revoke(Ask ask) {
    if (ask.revoked) {
      return false;
    }
    stickiness = Math.max(0, stickiness - 1);
    ask.revoked = true;
    ask.revokedAt = node.now();
    return true;
  }
}
