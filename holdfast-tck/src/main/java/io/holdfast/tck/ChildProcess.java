package io.holdfast.tck;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** What the children of a test have in common. */
final class ChildProcess {

  private ChildProcess() {}

  /** The command of a JVM like this one, with the class path of this one, up to the arguments. */
  static List<String> java(String mainClass) {
    return java(List.of(), classPath(), mainClass);
  }

  /** The same with options of its own and another class path. */
  static List<String> java(List<String> options, List<Path> classPath, String mainClass) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.add("-cp");
    command.add(
        classPath.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator)));
    command.add(mainClass);
    return command;
  }

  /** The class path of this JVM; a child may run in another directory. */
  static List<Path> classPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(entry -> Path.of(entry).toAbsolutePath())
        .toList();
  }

  /** Sends a signal that Java has no method for; whether it could be sent. */
  static boolean signal(long pid, String name) {
    try {
      return new ProcessBuilder("kill", "-s", name, Long.toString(pid))
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", interrupted);
    }
  }

  /** The first group of a user. */
  static String groupOf(String user) {
    try {
      Process id = new ProcessBuilder("id", "-gn", user).start();
      try (BufferedReader lines = id.inputReader()) {
        String group = lines.readLine();
        if (group == null) {
          throw new AssertionError("there is no user " + user + "; install the server's package");
        }
        return group;
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * Whether a process has ended. One that nobody has waited for is still listed, as a zombie, but
   * has given back all that it had.
   */
  static boolean hasEnded(ProcessHandle process) {
    if (!process.isAlive()) {
      return true;
    }
    try {
      String status = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
      // The name before the state stands in parentheses and may contain any character.
      return status.startsWith(") Z", status.lastIndexOf(')'));
    } catch (IOException noSuchFile) {
      return !process.isAlive();
    }
  }
}
