package io.holdfast.cli;

import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What the commands that use an engine have in common. */
@Command(
    mixinStandardHelpOptions = true,
    versionProvider = HoldfastCommand.Version.class,
    sortOptions = false,
    abbreviateSynopsis = true)
abstract class EngineCommand implements Callable<Integer> {

  private @Nullable Console console;

  @Option(
      names = "--engine",
      paramLabel = "URI",
      description =
          "Where the locks are, for example file:/var/lib/app/locks.db. Default: HOLDFAST_ENGINE,"
              + " or else a file below your home directory.")
  private @Nullable String engine;

  @Option(
      names = "--space",
      paramLabel = "NAME",
      description = "The namespace of the locks in the engine. Default: ${DEFAULT-VALUE}.")
  private String space = HoldfastBuilder.DEFAULT_SPACE;

  @Option(names = "--json", description = "Write JSON.")
  private boolean json;

  /** Says where to write; comes before anything else. */
  final void useConsole(Console value) {
    console = value;
  }

  final Console console() {
    if (console == null) {
      throw new IllegalStateException("a command without a console");
    }
    return console;
  }

  final void useEngine(String uri) {
    engine = uri;
  }

  final void useSpace(String name) {
    space = name;
  }

  final void useJson() {
    json = true;
  }

  final boolean json() {
    return json;
  }

  final String space() {
    return space;
  }

  /** The engine to use if the user names none. */
  String engineUri() {
    return EngineLocation.uri(engine, System.getenv());
  }

  /** Whether the user has named an engine on the command line. */
  final boolean namesEngine() {
    return engine != null;
  }

  final HoldfastBuilder builder() {
    return Holdfast.builder(engineUri()).space(space);
  }
}
