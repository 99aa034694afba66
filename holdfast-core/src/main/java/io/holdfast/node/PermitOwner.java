package io.holdfast.node;

/**
 * The owner of one acquisition of permits. A semaphore is not reentrant, so every acquisition is an
 * owner of its own: identity tells it from the others.
 */
public final class PermitOwner {

  /** Who acquires: a {@link Thread} or an {@link io.holdfast.Owner}. */
  private final Object acquirer;

  private final String label;

  /** The owner of a new acquisition by a thread or an {@link io.holdfast.Owner}. */
  public PermitOwner(Object acquirer) {
    this.acquirer = acquirer;
    this.label = LocalLock.label(acquirer);
  }

  /** Who acts for an owner: whoever acquires and waits in turn. */
  static Object acquirer(Object owner) {
    return owner instanceof PermitOwner permits ? permits.acquirer : owner;
  }

  @Override
  public String toString() {
    return label;
  }
}
