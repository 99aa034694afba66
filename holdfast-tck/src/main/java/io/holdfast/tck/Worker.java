package io.holdfast.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
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
import org.jspecify.annotations.Nullable;

/**
 * A child process with nodes in it, as a test sees it. It is given orders, which run side by side,
 * and answers each with a line; see {@link WorkerMain}. A {@link WorkerPool} starts it. Once a test
 * has killed or stopped it, it serves no other test.
 */
final class Worker implements AutoCloseable {

  /** What separates the words of an order. */
  static final String SEPARATOR = "\t";

  private static final long ENDING_SECONDS = 20;

  private final int number;
  private final Process process;
  private final Path errors;
  private final AtomicLong orders = new AtomicLong();
  private final Map<Long, CompletableFuture<String>> unanswered = new ConcurrentHashMap<>();
  private volatile boolean ended;
  private volatile boolean retired;
  private volatile long saidBefore;
  private @Nullable Process guard;

  /**
   * A worker that runs.
   *
   * @param number no other one of this JVM has it
   * @param process runs {@link WorkerMain#main}
   * @param errors the file that gets its error output
   */
  Worker(int number, Process process, Path errors) {
    this.number = number;
    this.process = process;
    this.errors = errors;
    Thread reader = new Thread(this::read, "worker-" + process.pid());
    reader.setDaemon(true);
    reader.start();
  }

  /** Begins the work for a test. */
  void begin(String uri, String space) {
    saidBefore = errors.toFile().length();
    tell("begin", uri, space);
  }

  /** Ends the work for a test: what it has left behind is closed and forgotten. */
  CompletableFuture<String> over() {
    return ask("over");
  }

  /** Whether it can serve another test. */
  boolean isFit() {
    return !retired && !ended && process.isAlive();
  }

  /** Lets it serve no other test. */
  void retire() {
    retired = true;
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
    try (InputStream text = Files.newInputStream(errors)) {
      text.skipNBytes(saidBefore);
      return new String(text.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      return "nothing (" + unreadable + ")";
    }
  }

  int number() {
    return number;
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
    retire();
    process.destroyForcibly();
  }

  /** Sends a signal that Java has no method for. */
  void signal(String name) {
    retire();
    if (name.equals("STOP")) {
      letGoOnWithoutUs();
    }
    if (!ChildProcess.signal(pid(), name)) {
      throw new AssertionError("could not send SIG" + name + " to " + this);
    }
  }

  /**
   * What is stopped does not notice that this JVM has ended: somebody who notices wakes it then.
   */
  private synchronized void letGoOnWithoutUs() {
    if (guard == null) {
      try {
        guard = new ProcessBuilder("sh", "-c", "cat; kill -s CONT " + pid()).start();
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
  }

  /** Lets its main thread return, and waits for it to end by itself; its exit code. */
  int end(Duration patience) throws IOException, InterruptedException {
    retire();
    process.getOutputStream().close();
    if (!Pace.within(patience).await(process.onExit())) {
      throw new AssertionError(this + " has not ended by itself within " + patience);
    }
    return process.exitValue();
  }

  @Override
  public synchronized void close() {
    kill();
    if (guard != null) {
      guard.destroyForcibly();
    }
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
