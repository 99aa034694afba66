package io.holdfast.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A child process with nodes in it, as a test sees it. It is given orders, which run side by side,
 * and answers each with a line; see {@link WorkerMain}.
 */
final class Worker implements AutoCloseable {

  /** What separates the words of an order. */
  static final String SEPARATOR = "\t";

  private static final long ENDING_SECONDS = 20;

  private final Process process;
  private final Path errors;
  private final AtomicLong orders = new AtomicLong();
  private final Map<Long, CompletableFuture<String>> unanswered = new ConcurrentHashMap<>();
  private volatile boolean ended;

  private Worker(Process process, Path errors) {
    this.process = process;
    this.errors = errors;
    Thread reader = new Thread(this::read, "worker-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * Starts a process.
   *
   * @param variables of its environment, beside those of this process
   * @param errors the file that gets its error output
   * @param arguments of {@link WorkerMain#main}
   */
  static Worker start(Map<String, String> variables, Path errors, String... arguments) {
    List<String> command = ChildProcess.java(WorkerMain.class.getName());
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
    builder.environment().putAll(variables);
    try {
      return new Worker(builder.start(), errors);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Gives an order; its answer, or the failure that it led to. */
  CompletableFuture<String> ask(Object... order) {
    long number = orders.incrementAndGet();
    CompletableFuture<String> answer = new CompletableFuture<>();
    unanswered.put(number, answer);
    String line =
        Stream.concat(Stream.of(number), Stream.of(order))
            .map(Object::toString)
            .collect(Collectors.joining(SEPARATOR, "", "\n"));
    try {
      synchronized (process) {
        OutputStream input = process.getOutputStream();
        input.write(line.getBytes(StandardCharsets.UTF_8));
        input.flush();
      }
    } catch (IOException gone) {
      ended = true;
    }
    if (ended) {
      failUnanswered();
    }
    return answer;
  }

  /** Gives an order whose answer is of no interest. */
  void tell(Object... order) {
    CompletableFuture<String> unused = ask(order);
  }

  /** Has a task performed. */
  CompletableFuture<String> run(Class<? extends WorkerTask> task, Object... arguments) {
    return ask(Stream.concat(Stream.of("run", task.getName()), Stream.of(arguments)).toArray());
  }

  private void read() {
    try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] words = line.split(SEPARATOR, 3);
        CompletableFuture<String> answer =
            words.length == 3 ? unanswered.remove(Long.parseLong(words[0])) : null;
        if (answer != null && words[1].equals("ok")) {
          answer.complete(words[2]);
        } else if (answer != null) {
          answer.completeExceptionally(new AssertionError(this + ": " + words[2]));
        }
      }
    } catch (IOException killed) {
      // Its end is what matters.
    }
    ended = true;
    failUnanswered();
  }

  private void failUnanswered() {
    for (Long number : List.copyOf(unanswered.keySet())) {
      CompletableFuture<String> answer = unanswered.remove(number);
      if (answer != null) {
        answer.completeExceptionally(new AssertionError(this + " has ended; it said:\n" + said()));
      }
    }
  }

  private String said() {
    try {
      return Files.readString(errors);
    } catch (IOException unreadable) {
      return "nothing (" + unreadable + ")";
    }
  }

  long pid() {
    return process.pid();
  }

  /** How much processor time it has used. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Ends it as kill -9 does. */
  void kill() {
    process.destroyForcibly();
  }

  /** Sends a signal that Java has no method for. */
  void signal(String name) {
    if (!ChildProcess.signal(pid(), name)) {
      throw new AssertionError("could not send SIG" + name + " to " + this);
    }
  }

  /** Lets its main thread return, and waits for it to end by itself; its exit code. */
  int end(Duration patience) throws IOException, InterruptedException {
    process.getOutputStream().close();
    if (!process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError(this + " has not ended by itself within " + patience);
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(ENDING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "worker " + pid();
  }
}
