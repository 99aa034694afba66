package io.holdfast.jdbc;

import static io.holdfast.jdbc.Bench.await;

import io.holdfast.engine.Environment;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Another process of the machine that uses the lock file, told what to do by its arguments. */
final class Child implements AutoCloseable {

  private final Process process;
  private final BufferedReader output;

  private Child(Process process) {
    this.process = process;
    output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a process that runs {@link #main} with arguments. */
  static Child start(Object... arguments) {
    return startWith(List.of(), arguments);
  }

  static Child startWith(List<String> options, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Child.class.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    try {
      return new Child(new ProcessBuilder(command).redirectErrorStream(true).start());
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** The rest of the next line of output that begins with a word. */
  String hear(String word) {
    StringBuilder heard = new StringBuilder();
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith(word + " ")) {
          return line.substring(word.length() + 1);
        }
        heard.append(line).append('\n');
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
    throw new AssertionError("the child ended without saying " + word + ":\n" + heard);
  }

  /** Ends the process as kill -9 does. */
  void kill() {
    process.destroyForcibly();
  }

  /** Sends a signal. */
  void signal(String name) {
    try {
      new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** The other process: {@code session FILE SECONDS} or {@code increment FILE TIMES}. */
  public static void main(String[] arguments) throws IOException {
    Environment environment = Environment.system("child");
    Path file = FileLocation.prepare(Path.of(arguments[1]));
    Machine machine = Machine.of(environment.ticker());
    JdbcRecordStore store =
        JdbcRecordStore.open(new SqliteDialect(file, machine), Bench.SPACE, environment);
    int number = Integer.parseInt(arguments[2]);
    switch (arguments[0]) {
      case "session" -> {
        long session =
            await(
                store.openSession(
                    Bench.terms(Duration.ofSeconds(number)),
                    name -> System.out.println("woken " + name)));
        System.out.println("session " + session);
        System.in.read();
      }
      case "increment" -> {
        System.out.println("ready yes");
        System.in.read();
        RecordsTest.increment(store, "n", number);
        System.out.println("done " + number);
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** Lets the child go on past its first reading of input. */
  void go() {
    try {
      process.getOutputStream().write('\n');
      process.getOutputStream().flush();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
