package io.holdfast.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link DemoWorker} as the demo sees it. */
final class DemoProcess implements AutoCloseable {

  private static final Duration ANSWER_LIMIT = Duration.ofMinutes(2);

  /** What a worker says last. */
  static final String END = "(ended)";

  private final Process process;
  private final BlockingQueue<String> answers;

  private DemoProcess(Process process, BlockingQueue<String> answers) {
    this.process = process;
    this.answers = answers;
    Thread reader = new Thread(this::read, "demo-reader");
    reader.setDaemon(true);
    reader.start();
  }

  /** Starts a worker with the options of this JVM, so that it starts as fast. */
  static DemoProcess start(String... arguments) {
    return start(new LinkedBlockingQueue<>(), arguments);
  }

  /**
   * Starts a worker.
   *
   * @param answers gets what it says, and {@link #END} when it has ended; several may share it
   */
  static DemoProcess start(BlockingQueue<String> answers, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String options = System.getProperty("holdfast.java.options", "").strip();
    if (!options.isEmpty()) {
      command.addAll(List.of(options.split("\n", -1)));
    }
    // That a stopped worker finds its lease lost is part of the play, and told by the demo.
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=error");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    command.add(DemoWorker.NAME);
    command.addAll(List.of(arguments));
    try {
      return new DemoProcess(
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start(),
          answers);
    } catch (IOException failure) {
      throw new ExitException(
          ExitCodes.FAILED,
          "the demo cannot start a process (" + failure.getMessage() + "); check java.home");
    }
  }

  private void read() {
    try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
      String line = reader.readLine();
      while (line != null) {
        answers.add(line);
        line = reader.readLine();
      }
    } catch (IOException killed) {
      // Its end is what the reader says next.
    }
    answers.add(END);
  }

  long pid() {
    return process.pid();
  }

  void tell(String order) {
    try {
      OutputStream orders = process.getOutputStream();
      orders.write((order + "\n").getBytes(StandardCharsets.UTF_8));
      orders.flush();
    } catch (IOException gone) {
      throw unexpected("could not be told to " + order);
    }
  }

  /** Waits for an answer that begins with a word, and returns the rest of it. */
  String hear(String word) throws InterruptedException {
    String answer = answers.poll(ANSWER_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    if (answer == null || !(answer + " ").startsWith(word + " ")) {
      throw unexpected("said " + (answer == null ? "nothing" : answer) + " instead of " + word);
    }
    return answer.substring(word.length()).strip();
  }

  private ExitException unexpected(String what) {
    return new ExitException(
        ExitCodes.FAILED, "worker " + pid() + " " + what + "; try 'holdfast doctor'");
  }

  /** Has said something that was not heard yet. */
  boolean hasAnswered() {
    return !answers.isEmpty();
  }

  void kill() {
    process.destroyForcibly();
  }

  /** Sends a signal that Java has no method for. */
  void signal(String name) throws InterruptedException {
    try {
      int code = new ProcessBuilder("kill", "-s", name, Long.toString(pid())).start().waitFor();
      if (code != 0) {
        throw unexpected("did not get SIG" + name);
      }
    } catch (IOException noKill) {
      throw unexpected("cannot be signalled: there is no program 'kill' here");
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
