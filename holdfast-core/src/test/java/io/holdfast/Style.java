package io.holdfast;

/** The options under which a lock must behave as {@code java.util.concurrent} says. */
enum Style {
  DEFAULT(LockOptions.DEFAULT),
  STRICT(LockOptions.DEFAULT.fairness(LockOptions.Fairness.STRICT)),
  NO_RETENTION(LockOptions.DEFAULT.retention(LockOptions.Retention.OFF));

  private final LockOptions options;

  Style(LockOptions options) {
    this.options = options;
  }

  LockOptions options() {
    return options;
  }
}
