package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import io.holdfast.tck.LockKit;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** The rules and the scenarios on a lock file. */
@Tag("file")
class FileKitTest {

  @TempDir static Path directory;

  @Nested
  class Rules extends EngineKit {
    @Override
    protected Engine open(String space, Environment environment) {
      return FileEngine.open(directory.resolve("rules.db"), space, environment);
    }

    /** One database, and one disk under load, for all tests of this class. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
    }
  }

  @Nested
  class Scenarios extends LockKit {
    @Override
    protected String engineUri() {
      return "file:" + directory.resolve("scenarios.db");
    }

    /** As above. */
    @Override
    protected Duration patience() {
      return Duration.ofSeconds(30);
    }
  }
}
