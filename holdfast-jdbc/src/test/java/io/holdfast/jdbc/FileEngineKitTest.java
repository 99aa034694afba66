package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.tck.EngineKit;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class FileEngineKitTest extends EngineKit {

  @TempDir static Path directory;

  @Override
  protected Engine open(String space, Environment environment) {
    return FileEngine.open(directory.resolve("locks.db"), space, environment);
  }
}
