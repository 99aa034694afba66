package io.holdfast;

import java.util.Objects;

/**
 * Who holds or waits for a lock inside a node, where that is not a thread: a saga, a request, a
 * coroutine. Two owners with the same id are the same owner of the same node, and re-enter each
 * other's locks. Owners of different nodes are always different.
 */
public final class Owner {

  private final String id;

  private Owner(String id) {
    this.id = id;
  }

  /**
   * An owner.
   *
   * @param id what tells it from the other owners of this node; 1 to 256 characters, shown to
   *     people who ask who holds a lock
   * @throws IllegalArgumentException if the id is empty or too long
   */
  public static Owner of(String id) {
    Objects.requireNonNull(id, "id");
    if (id.isEmpty() || id.length() > 256) {
      throw new IllegalArgumentException(
          "the id of an owner has 1 to 256 characters, not "
              + id.length()
              + "; use for example the id of the saga or request");
    }
    return new Owner(id);
  }

  /** What tells this owner from the others of its node. */
  public String id() {
    return id;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Owner owner && owner.id.equals(id);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  @Override
  public String toString() {
    return id;
  }
}
