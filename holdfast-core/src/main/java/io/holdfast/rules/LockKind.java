package io.holdfast.rules;

/**
 * What kind of lock a record is. The kind is fixed by the first acquire of a name and stays until
 * the record is at rest (no grant, no waiter) and deleted.
 *
 * @param type the family of the lock
 * @param permits how many permits a semaphore has, 1 or more; 0 for the other types
 */
public record LockKind(Type type, int permits) {

  /** The families of locks. */
  public enum Type {
    /** One holder at a time. */
    MUTEX,
    /** One writer or many readers, phase-fair. */
    READ_WRITE,
    /** A fixed number of permits, each owned by whoever acquired it. */
    SEMAPHORE
  }

  /** A plain lock. */
  public static final LockKind MUTEX = new LockKind(Type.MUTEX, 0);

  /** A read-write lock. */
  public static final LockKind READ_WRITE = new LockKind(Type.READ_WRITE, 0);

  /** Checks that only a semaphore has permits, and at least one. */
  public LockKind {
    if (type == Type.SEMAPHORE ? permits < 1 : permits != 0) {
      throw new IllegalArgumentException(type + " cannot have " + permits + " permits");
    }
  }

  /**
   * A semaphore.
   *
   * @param permits 1 or more
   */
  public static LockKind semaphore(int permits) {
    return new LockKind(Type.SEMAPHORE, permits);
  }

  /** Whether a lock of this kind can be acquired in the given mode. */
  public boolean allows(Mode mode) {
    return switch (type) {
      case MUTEX -> mode.type() == Mode.Type.EXCLUSIVE;
      case READ_WRITE -> mode.type() != Mode.Type.PERMITS;
      case SEMAPHORE -> mode.type() == Mode.Type.PERMITS && mode.permits() <= permits;
    };
  }

  @Override
  public String toString() {
    return type == Type.SEMAPHORE ? "SEMAPHORE(" + permits + ")" : type.name();
  }
}
