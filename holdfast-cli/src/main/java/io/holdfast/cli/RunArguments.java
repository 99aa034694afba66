package io.holdfast.cli;

import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads the usual command lines of {@code run}. */
final class RunArguments {

  // picocli would take as long as all the rest of a run: its classes are too old to be archived,
  // and its reading of the annotations makes a proxy for each. So what is written in the usual way
  // (-n, --name VALUE, --name=VALUE, then -- and the command) is read here, by the same names as
  // the annotations have, and whatever else goes to picocli: help, mistakes, other spellings.
  // RunArgumentsTest compares the two readings. docs/decisions/0004 has the figures.

  private static final String MARKER = "--";

  /** Of the options that have a value, so that one given twice is noticed. */
  private static final Map<String, String> LONG_NAMES =
      Map.of("-w", "--wait", "-E", "--conflict-exit-code", "-k", "--kill-after");

  private RunArguments() {}

  /**
   * Reads a command line.
   *
   * @param arguments after {@code run}
   * @return empty if picocli has to look at it
   */
  static Optional<RunCommand> parse(List<String> arguments) {
    int marker = arguments.indexOf(MARKER);
    if (marker < 1 || marker == arguments.size() - 1) {
      return Optional.empty();
    }
    RunCommand run = new RunCommand();
    String name = null;
    Set<String> seen = new HashSet<>();
    Iterator<String> before = arguments.subList(0, marker).iterator();
    while (before.hasNext()) {
      String argument = before.next();
      if (argument.startsWith("-")) {
        if (!setOption(run, argument, before, seen)) {
          return Optional.empty();
        }
      } else if (name == null) {
        name = argument;
      } else {
        return Optional.empty();
      }
    }
    if (name == null) {
      return Optional.empty();
    }
    run.useMarker(true);
    run.useWork(name, List.copyOf(arguments.subList(marker + 1, arguments.size())));
    return Optional.of(run);
  }

  private static boolean setOption(
      RunCommand run, String argument, Iterator<String> following, Set<String> seen) {
    int equals = argument.startsWith("--") ? argument.indexOf('=') : -1;
    if (equals < 0 && run.set(argument)) {
      return true;
    }
    String option = equals < 0 ? argument : argument.substring(0, equals);
    String value = equals < 0 ? next(following) : argument.substring(equals + 1);
    try {
      return value != null
          && seen.add(LONG_NAMES.getOrDefault(option, option))
          && run.set(option, value);
    } catch (IllegalArgumentException malformed) {
      return false;
    }
  }

  private static @Nullable String next(Iterator<String> following) {
    String value = following.hasNext() ? following.next() : null;
    return value == null || value.startsWith("-") ? null : value;
  }
}
