package io.holdfast.engine;

import java.net.URI;
import java.util.Set;

/**
 * Opens {@code memory:NAME}: the locks of that name in this process, shared by everybody who opens
 * the same name and space. {@code memory:default} is also written {@code memory:///}.
 */
public final class MemoryEngineProvider implements EngineProvider {

  private static final String SCHEME = "memory";

  /** For {@link java.util.ServiceLoader}. */
  public MemoryEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of(SCHEME);
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    String name = uri.getSchemeSpecificPart();
    if (!SCHEME.equalsIgnoreCase(uri.getScheme()) || name == null) {
      throw new IllegalArgumentException(
          "the URI " + uri + " does not name locks in memory; write for example memory:test");
    }
    if (name.chars().allMatch(letter -> letter == '/')) {
      return EmbeddedEngine.open(EmbeddedEngine.DEFAULT_NAME, space, environment);
    }
    if (name.startsWith("/")) {
      throw new IllegalArgumentException(
          "the URI "
              + uri
              + " has a host or a path; locks in memory have a name only, for example"
              + " memory:test");
    }
    return EmbeddedEngine.open(name, space, environment);
  }
}
