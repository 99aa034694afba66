package io.holdfast.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Which engine the command uses. */
final class EngineLocation {

  private static final String VARIABLE = "HOLDFAST_ENGINE";

  private EngineLocation() {}

  /**
   * The engine's URI: the option, or else HOLDFAST_ENGINE, or else a file of this user, through
   * which the processes of one machine lock against each other with no server.
   */
  static String uri(@Nullable String option, Map<String, String> environment) {
    if (option != null) {
      return option;
    }
    String variable = environment.getOrDefault(VARIABLE, "");
    return variable.isBlank() ? defaultFile(environment).toUri().toString() : variable;
  }

  /** A URI for people to read: without a password, and without parameters, which may hold some. */
  static String withoutSecrets(String uri) {
    return uri.replaceFirst("\\?.*$", "").replaceFirst("//[^/]*@", "//");
  }

  private static Path defaultFile(Map<String, String> environment) {
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    // The XDG specification: what is not absolute is to be ignored.
    Path directory =
        !state.isEmpty() && Path.of(state).isAbsolute()
            ? Path.of(state)
            : Path.of(System.getProperty("user.home", "."), ".local", "state");
    return directory.resolve("holdfast").resolve("locks.db").toAbsolutePath();
  }
}
