package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.util.Set;

/** Opens {@code file:PATH}: locks in a file, for the processes of one machine. */
public final class FileEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public FileEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("file");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    return FileEngine.open(FileLocation.parse(uri), space, environment);
  }
}
