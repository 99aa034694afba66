package io.holdfast;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A lock was not granted in time. Nothing is held; try again, or look at who holds it. */
public final class LockTimeoutException extends LockRefusedException {

  private static final long serialVersionUID = 1L;

  private final transient @Nullable LockReport report;

  LockTimeoutException(String message, @Nullable LockReport report) {
    super(message);
    this.report = report;
  }

  /** Who held the lock and who waited when the time was over; empty if that could not be read. */
  public Optional<LockReport> report() {
    return Optional.ofNullable(report);
  }
}
