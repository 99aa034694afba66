package io.holdfast.sim;

import org.jspecify.annotations.Nullable;

/** A rule of Holdfast was broken in a simulated world. */
public final class Violation extends RuntimeException {

  private static final long serialVersionUID = 1;

  /** A violation; the message says which rule and by whom. */
  Violation(String rule, @Nullable Throwable cause) {
    super(rule, cause);
  }
}
