package io.holdfast.jdbc;

import io.holdfast.tck.LockKit;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.io.TempDir;

/** The scenarios on a lock file. */
class FileLockKitTest extends LockKit {

  @TempDir static Path directory;

  @Override
  protected String engineUri() {
    return "file:" + directory.resolve("locks.db");
  }

  /** One database, and one disk under load, for all tests of this class. */
  @Override
  protected Duration patience() {
    return Duration.ofSeconds(30);
  }
}
