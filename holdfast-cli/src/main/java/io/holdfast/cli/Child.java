package io.holdfast.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The command that runs under the lock, with the streams of this process. Thread-safe. */
final class Child {

  private static final Duration GUARDIAN_LIMIT = Duration.ofMillis(500);

  private final Process process;
  private final @Nullable Guardian guardian;

  private Child(Process process, @Nullable Guardian guardian) {
    this.process = process;
    this.guardian = guardian;
  }

  /**
   * Finds out whether a command can be started, before anybody waits for a lock in vain.
   *
   * @throws ExitException if not
   */
  static void requireCommand(String command, Map<String, String> environment) {
    if (command.isEmpty()) {
      throw new ExitException(
          ExitCodes.USAGE,
          "the command after -- is empty; name a program, for example ./backup.sh");
    }
    if (command.contains("/") || command.contains("\\")) {
      requireExecutable(path(command), command);
      return;
    }
    boolean found = false;
    for (String directory : environment.getOrDefault("PATH", "").split(":", -1)) {
      Path file = path(directory.isEmpty() ? "." : directory).resolve(command);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return;
      }
      found |= Files.exists(file);
    }
    // Without PATH, and on Windows, the platform has rules of its own; starting it will tell.
    if (environment.containsKey("PATH") && path("/bin/sh").toFile().exists()) {
      throw found ? cannotRun(command) : notFound(command);
    }
  }

  private static void requireExecutable(Path file, String command) {
    if (!Files.exists(file)) {
      throw notFound(command);
    }
    if (Files.isDirectory(file) || !Files.isExecutable(file)) {
      throw cannotRun(command);
    }
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException impossible) {
      throw new ExitException(
          ExitCodes.NOT_FOUND, "'" + text + "' is no path here; check the command after --");
    }
  }

  private static ExitException notFound(String command) {
    return new ExitException(
        ExitCodes.NOT_FOUND,
        "command not found: " + command + "; check the spelling and PATH, or give its full path");
  }

  private static ExitException cannotRun(String command) {
    return new ExitException(
        ExitCodes.CANNOT_RUN,
        "cannot run "
            + command
            + ": it is no executable file; try chmod +x, or name its interpreter");
  }

  /**
   * Starts the command.
   *
   * @param variables added to its environment
   * @throws ExitException if it cannot be started
   */
  static Child start(
      List<String> command, Map<String, String> variables, @Nullable Guardian guardian) {
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    // An outer run may have set them for another lock.
    builder.environment().keySet().removeAll(List.of("HOLDFAST_LOCK", "HOLDFAST_TOKEN"));
    builder.environment().putAll(variables);
    restoreLocale(builder.environment());
    try {
      Process process = builder.start();
      if (guardian != null) {
        guardian.guard(process.pid());
      }
      return new Child(process, guardian);
    } catch (IOException failure) {
      throw new ExitException(
          ExitCodes.CANNOT_RUN,
          "cannot run "
              + command.get(0)
              + " ("
              + failure.getMessage()
              + "); check that it is a program for this machine, or a script with a #! line");
    }
  }

  /** The launcher starts this JVM with another locale where the user's can only spell ASCII. */
  private static void restoreLocale(Map<String, String> environment) {
    String locale = System.getProperty("holdfast.lc_all");
    if (locale != null && locale.isEmpty()) {
      environment.remove("LC_ALL");
    } else if (locale != null) {
      environment.put("LC_ALL", locale);
    }
  }

  /** Waits until the command has ended; its exit code, 128 + n if signal n ended it. */
  int waitFor() throws InterruptedException {
    int code = process.waitFor();
    if (guardian != null) {
      guardian.dismiss();
    }
    return code;
  }

  /** Waits for some time. */
  boolean endsWithin(Duration limit) throws InterruptedException {
    return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Passes a signal on to the command. */
  void signal(String name) {
    if (name.equals("TERM")) {
      process.destroy();
    } else if (guardian == null || !guardian.signal(name)) {
      signalWithoutGuardian(name);
    }
  }

  private void signalWithoutGuardian(String name) {
    try {
      new ProcessBuilder("kill", "-s", name, Long.toString(process.pid())).inheritIO().start();
    } catch (IOException noKill) {
      process.destroy();
    }
  }

  /** Kills the command and its descendants, now. */
  void kill() {
    if (guardian != null
        && guardian.end()
        && Clock.await(GUARDIAN_LIMIT, () -> !process.isAlive())) {
      return;
    }
    List<ProcessHandle> descendants = process.descendants().toList();
    process.destroyForcibly();
    descendants.forEach(ProcessHandle::destroyForcibly);
  }
}
