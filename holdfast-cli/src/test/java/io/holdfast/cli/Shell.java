package io.holdfast.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A process that a test has started, and what it has written so far. */
final class Shell implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofMinutes(2);

  /**
   * A test run that was started in the background of a script ignores SIGINT, and whatever it
   * starts inherits that: GNU env takes it back. Empty where there is no such program.
   */
  private static final List<String> HEARING_SIGNALS = hearingSignals();

  private final Process process;
  private final List<String> out = new CopyOnWriteArrayList<>();
  private final List<String> err = new CopyOnWriteArrayList<>();
  private final List<Thread> readers = new ArrayList<>();

  private Shell(Process process) {
    this.process = process;
    read(process.getInputStream(), out);
    read(process.getErrorStream(), err);
  }

  /** Starts the holdfast command in a JVM of its own. */
  static Shell holdfast(String... arguments) {
    return holdfastWith(List.of(), arguments);
  }

  static Shell holdfastWith(List<String> options, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(arguments));
    return start(Map.of(), command);
  }

  /** Starts any program. */
  static Shell start(Map<String, String> environment, List<String> command) {
    List<String> whole = new ArrayList<>(HEARING_SIGNALS);
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole);
    builder.environment().putAll(environment);
    try {
      return new Shell(builder.start());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static List<String> hearingSignals() {
    List<String> env = List.of("env", "--default-signal=HUP,INT,TERM");
    List<String> probe = new ArrayList<>(env);
    probe.add("true");
    try {
      return new ProcessBuilder(probe).start().waitFor() == 0 ? env : List.of();
    } catch (IOException absent) {
      return List.of();
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  private void read(InputStream stream, List<String> lines) {
    Thread reader =
        new Thread(
            () -> {
              try (BufferedReader text =
                  new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
                text.lines().forEach(lines::add);
              } catch (IOException | UncheckedIOException closed) {
                // The process was killed.
              }
            });
    reader.setDaemon(true);
    reader.start();
    readers.add(reader);
  }

  long pid() {
    return process.pid();
  }

  /** Waits for a line of the output that begins with a word; the rest of it. */
  String hear(String word) {
    eventually(
        "hearing " + word, () -> !process.isAlive() || out.stream().anyMatch(l -> starts(l, word)));
    joinIfEnded();
    return out.stream()
        .filter(line -> starts(line, word))
        .findFirst()
        .map(line -> line.substring(word.length()).strip())
        .orElseThrow(() -> new AssertionError("never said " + word + ": " + out + err));
  }

  private static boolean starts(String line, String word) {
    return line.equals(word) || line.startsWith(word + " ");
  }

  private void joinIfEnded() {
    if (!process.isAlive()) {
      for (Thread reader : readers) {
        try {
          reader.join(1000);
        } catch (InterruptedException interrupted) {
          throw new AssertionError(interrupted);
        }
      }
    }
  }

  /** Waits for the end; the exit code. */
  int code() {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new AssertionError("still runs: " + out + err);
      }
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
    joinIfEnded();
    return process.exitValue();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String out() {
    return String.join("\n", out);
  }

  String err() {
    return String.join("\n", err);
  }

  void kill() {
    process.destroyForcibly();
  }

  void signal(String name) {
    signal(name, pid());
  }

  static void signal(String name, long pid) {
    try {
      new ProcessBuilder("kill", "-s", name, Long.toString(pid)).start().waitFor();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  /** Waits for a condition; how long that took. */
  static Duration eventually(String what, java.util.function.BooleanSupplier condition) {
    long start = Clock.nanos();
    assertThat(Clock.await(PATIENCE, condition)).as(what).isTrue();
    return Clock.since(start);
  }

  /**
   * Whether a process runs, or could again if it is continued. What init has yet to reap does not.
   */
  static boolean runs(long pid) {
    try {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state != 'Z' && state != 'X';
    } catch (IOException gone) {
      return Files.isDirectory(Path.of("/proc/self"))
          ? false
          : ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
    }
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    try {
      process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
