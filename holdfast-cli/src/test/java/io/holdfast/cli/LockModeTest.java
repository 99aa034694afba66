package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.holdfast.Hold;
import io.holdfast.Holdfast;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockModeTest {

  /** Longer than one try waits for an answer. */
  private static final Duration BUSY = Duration.ofMillis(1_500);

  @TempDir Path directory;

  @Test
  void anAttemptThatTheEngineHasNotAnsweredIsRepeated() throws Exception {
    Path file = directory.resolve("locks.db");
    LockMode plain = new LockMode(LockMode.Type.PLAIN, 0, 0);
    try (Holdfast locks = Holdfast.connect(file.toUri().toString());
        Connection other = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = other.createStatement()) {
      statement.execute("BEGIN IMMEDIATE");
      CompletableFuture<Optional<Hold>> tried =
          CompletableFuture.supplyAsync(() -> take(plain, locks));

      assertThat(Clock.await(BUSY, tried::isDone)).as("ended while nobody could write").isFalse();
      statement.execute("COMMIT");

      assertThat(tried.join()).isPresent();
    }
  }

  private static Optional<Hold> take(LockMode mode, Holdfast locks) {
    try {
      return mode.take(locks, "a", Duration.ZERO);
    } catch (InterruptedException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
