package io.holdfast.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Threads of several processes that want one lock all the time. */
final class HandOffs implements AutoCloseable {

  static final int PROCESSES = 4;
  static final int THREADS = 4;

  /**
   * What one round gave.
   *
   * @param perSecond how often a second the lock was taken
   * @param movesPerSecond how often a second another process than the one before took it
   * @param fewest how often the thread took it that took it least
   * @param most how often the one did that took it most
   */
  record Round(double perSecond, double movesPerSecond, long fewest, long most) {}

  private static final class Child {
    final Process process;
    final BufferedReader answers;
    final PrintWriter orders;

    Child(Process process) {
      this.process = process;
      answers = process.inputReader(StandardCharsets.UTF_8);
      orders = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    }

    String hear() throws IOException {
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.startsWith(HandOffWorker.ANSWER)) {
          return line.substring(HandOffWorker.ANSWER.length());
        }
      }
      throw new IOException("a process ended early; look at its errors above");
    }
  }

  private final Path shared;
  private final List<Child> children = new ArrayList<>();

  HandOffs(Store store, String library, int port) throws IOException {
    shared = Files.createTempFile("holdfast-peers", ".count");
    for (int i = 0; i < PROCESSES; i++) {
      ProcessBuilder builder =
          new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "java").toString(),
              "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
              "-cp",
              System.getProperty("java.class.path"),
              HandOffWorker.class.getName(),
              store.name(),
              library,
              Integer.toString(port),
              shared.toString());
      Child child = new Child(builder.redirectError(ProcessBuilder.Redirect.INHERIT).start());
      children.add(child);
      child.hear();
    }
  }

  Round run(Duration time) throws IOException {
    long movesBefore = SharedCount.open(shared).moves();
    children.forEach(child -> child.orders.println(time.toMillis()));
    List<Long> counts = new ArrayList<>();
    for (Child child : children) {
      Arrays.stream(child.hear().split(" ", -1)).map(Long::parseLong).forEach(counts::add);
    }
    double seconds = time.toMillis() / 1e3;
    long sum = counts.stream().mapToLong(Long::longValue).sum();
    long moves = SharedCount.open(shared).moves() - movesBefore;
    return new Round(
        sum / seconds,
        moves / seconds,
        counts.stream().mapToLong(Long::longValue).min().orElse(0),
        counts.stream().mapToLong(Long::longValue).max().orElse(0));
  }

  @Override
  public void close() throws IOException {
    children.forEach(child -> child.process.destroyForcibly());
    Files.deleteIfExists(shared);
  }
}
