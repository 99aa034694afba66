package io.holdfast.rules;

/**
 * How a lock is held or asked for.
 *
 * @param type exclusive, shared, or a number of permits
 * @param permits how many permits of a semaphore, 1 or more; 0 for the other types
 */
public record Mode(Type type, int permits) {

  /** The classes of modes. */
  public enum Type {
    /** Beside nobody. */
    EXCLUSIVE,
    /** Beside other shared holders. */
    SHARED,
    /** A number of a semaphore's permits. */
    PERMITS
  }

  /** Beside nobody. */
  public static final Mode EXCLUSIVE = new Mode(Type.EXCLUSIVE, 0);

  /** Beside other shared holders. */
  public static final Mode SHARED = new Mode(Type.SHARED, 0);

  /** Checks that only permits are counted, and at least one. */
  public Mode {
    if (type == Type.PERMITS ? permits < 1 : permits != 0) {
      throw new IllegalArgumentException(type + " cannot count " + permits + " permits");
    }
  }

  /** Whether it stands beside nobody. */
  public boolean isExclusive() {
    return type == Type.EXCLUSIVE;
  }

  /** Whether it stands beside other shared holders. */
  public boolean isShared() {
    return type == Type.SHARED;
  }

  /**
   * Whether a holder in this mode stands in the way of a waiter. Every holder of permits does,
   * because each permit that comes back brings the waiter nearer to the front.
   */
  public boolean isInTheWayOf(Mode wanted) {
    return !isShared() || !wanted.isShared();
  }

  /**
   * A number of permits.
   *
   * @param permits 1 or more
   */
  public static Mode permits(int permits) {
    return new Mode(Type.PERMITS, permits);
  }

  @Override
  public String toString() {
    return type == Type.PERMITS ? "PERMITS(" + permits + ")" : type.name();
  }
}
