package io.holdfast.jdbc;

import io.holdfast.tck.ProcessKit;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The scenarios of real processes on a lock file. */
@Tag("file")
class FileProcessKitTest extends ProcessKit {

  @TempDir Path directory;

  @Override
  protected String engineUri() {
    return "file:" + directory.resolve("locks.db");
  }

  /** The operating system tells at once. */
  @Override
  protected Duration earliestAfterKill(Duration ttl) {
    return Duration.ZERO;
  }

  @Override
  protected Duration latestAfterKill(Duration ttl) {
    return Duration.ofMillis(500);
  }
}
