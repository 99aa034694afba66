package io.holdfast.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A server as a child process of a test: in a directory and on a loopback port of its own, both
 * known before it runs and kept when it is started again. It can be killed, stopped and started. It
 * ends with the JVM of the test at the latest.
 *
 * <pre>{@code
 * Path program = ServerProcess.require("redis-server", "apt-get install -y redis-server");
 * try (ServerProcess redis =
 *     ServerProcess.program(program)
 *         .arguments("--port", "{port}", "--bind", "127.0.0.1", "--dir", "{directory}")
 *         .start()) {
 *   connect("redis://127.0.0.1:" + redis.port());
 *   redis.kill();
 *   redis.start();
 * }
 * }</pre>
 *
 * <p>Needs signals of POSIX. Calls that start, kill, pause or end it are made one at a time.
 */
public final class ServerProcess implements AutoCloseable {

  private static final Set<ServerProcess> RUNNING = ConcurrentHashMap.newKeySet();
  private static final Duration POLL = Duration.ofMillis(10);
  private static final int TAIL_LINES = 40;

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> RUNNING.forEach(ServerProcess::close), "end-of-servers"));
  }

  /** Says whether a server that accepts connections can be used. */
  @FunctionalInterface
  public interface Probe {

    /**
     * Tries to use the server, as often as it takes.
     *
     * @return whether it is ready; an exception means that it is not
     */
    boolean ready(ServerProcess server) throws Exception;
  }

  private final ServerSettings settings;
  private final Path directory;
  private final int port;
  private final Path output;
  private boolean prepared;
  private @Nullable Process process;

  ServerProcess(ServerSettings settings) {
    this.settings = settings;
    this.port = settings.port();
    try {
      directory = Files.createTempDirectory("holdfast-" + settings.name() + "-");
      output = directory.resolve("output.log");
      Files.createFile(output);
      String user = settings.foreignUser();
      if (user != null) {
        UserPrincipal owner =
            FileSystems.getDefault().getUserPrincipalLookupService().lookupPrincipalByName(user);
        Files.setOwner(directory, owner);
        Files.setOwner(output, owner);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * Looks for a program.
   *
   * @param program its file name
   * @param places directories to look in before those of the PATH; a {@code *} in one stands for
   *     any part of a name, and of several versions the highest is taken
   */
  public static Optional<Path> find(String program, String... places) {
    return ServerBinary.find(program, places);
  }

  /**
   * Looks for a program as {@link #find} does, and skips the test, by an assumption of JUnit that
   * names the program, if there is none.
   *
   * @param howToGetIt for the message, for example a command
   */
  public static Path require(String program, String howToGetIt, String... places) {
    return ServerBinary.require(program, howToGetIt, places);
  }

  /** A server that is a program. */
  public static ServerSettings program(Path file) {
    return new ServerSettings(
        file.getFileName().toString(), List.of(file.toAbsolutePath().toString()));
  }

  /** A server that is a main class on the class path of the test, in a JVM of its own. */
  public static ServerSettings main(Class<?> mainClass) {
    return new ServerSettings(mainClass.getSimpleName(), ChildProcess.java(mainClass.getName()));
  }

  /**
   * A loopback port that nobody listens on, and that no test of any JVM is given as long as this
   * one lives; the same holds for the port that is higher by 10,000, as nodes of a Redis cluster
   * need it. Both are below those that systems give to outgoing connections, so that a client that
   * keeps connecting to a dead server cannot get hold of them.
   */
  public static int freePort() {
    return LoopbackPorts.free();
  }

  /** Its port. */
  public int port() {
    return port;
  }

  /** Its directory, for files that it needs. Deleted by {@link #close}. */
  public Path directory() {
    return directory;
  }

  /** Its process id. */
  public long pid() {
    return running().pid();
  }

  /** Whether the process runs, or is paused. */
  public boolean isAlive() {
    return process != null && process.isAlive();
  }

  /**
   * Starts it, or starts it again with the same port and directory, and waits until it is ready.
   *
   * @throws AssertionError if it ends or does not become ready in time, with the end of its output
   */
  public void start() {
    if (isAlive()) {
      throw new IllegalStateException(this + " runs; kill or stop it first");
    }
    if (!prepared) {
      settings.preparations().forEach(this::prepare);
      prepared = true;
    }
    process = launch(settings.command());
    RUNNING.add(this);
    Pace.Deadline deadline = Pace.within(settings.patience());
    String trouble = trouble();
    while (!trouble.isEmpty()) {
      if (!isAlive() || deadline.isOver()) {
        String fate = isAlive() ? "is not ready (" + trouble + ")" : "has ended";
        kill();
        throw new AssertionError(this + " " + fate + "; its output ends with:\n" + tail());
      }
      LockSupport.parkNanos(POLL.toNanos());
      trouble = trouble();
    }
  }

  /** Why it cannot be used yet; empty if it can. */
  private String trouble() {
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
          (int) settings.patience().toMillis());
    } catch (IOException refused) {
      return refused.toString();
    }
    try {
      return settings.probe().ready(this) ? "" : "its probe says no";
    } catch (Exception notYet) {
      return notYet.toString();
    }
  }

  private void prepare(List<String> command) {
    Process preparation = launch(command);
    try {
      if (!Pace.within(settings.patience()).await(preparation.onExit())) {
        preparation.destroyForcibly();
        throw new AssertionError(command + " has not ended; its output ends with:\n" + tail());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      preparation.destroyForcibly();
      throw new AssertionError("interrupted", interrupted);
    }
    if (preparation.exitValue() != 0) {
      throw new AssertionError(
          command + " ended with " + preparation.exitValue() + "; its output:\n" + tail());
    }
  }

  private Process launch(List<String> command) {
    List<String> words = new ArrayList<>();
    String user = settings.foreignUser();
    if (user != null) {
      // It replaces itself by the server, so that signals reach the server.
      words.addAll(List.of("setpriv", "--reuid", user, "--regid", ChildProcess.groupOf(user)));
      words.addAll(List.of("--init-groups", "--"));
    }
    for (String word : command) {
      words.add(
          word.replace("{port}", Integer.toString(port))
              .replace("{directory}", directory.toString()));
    }
    ProcessBuilder builder =
        new ProcessBuilder(words)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(settings.environment());
    if (user != null) {
      builder.environment().putAll(Map.of("HOME", directory.toString(), "USER", user));
    }
    try {
      return builder.start();
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Ends it and its children as kill -9 does, and waits until they are gone. Idempotent. */
  public void kill() {
    if (process != null && process.isAlive()) {
      // What is stopped starts no more children while they are counted.
      ChildProcess.signal(process.pid(), "STOP");
      List<ProcessHandle> children = process.descendants().toList();
      children.forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      await(settings.patience());
      awaitEnd(children);
    }
    RUNNING.remove(this);
  }

  /** Ports and memory of children must be free before the server is started again. */
  private void awaitEnd(List<ProcessHandle> children) {
    if (!Pace.within(settings.patience())
        .await(() -> children.stream().allMatch(ChildProcess::hasEnded))) {
      throw new AssertionError("children of " + this + " have not ended: " + children);
    }
  }

  /** Stops it and its children without ending them, as SIGSTOP does: it hangs. */
  public void pause() {
    signalAll("STOP");
  }

  /** Lets it go on after {@link #pause}. */
  public void resume() {
    signalAll("CONT");
  }

  private void signalAll(String name) {
    Process parent = running();
    if (!ChildProcess.signal(parent.pid(), name)) {
      throw new AssertionError("could not send SIG" + name + " to " + this);
    }
    // A child may end meanwhile.
    parent.descendants().forEach(child -> ChildProcess.signal(child.pid(), name));
  }

  /** Kills it and starts it again. */
  public void restart() {
    kill();
    start();
  }

  /**
   * Asks it to end, by SIGTERM or {@link ServerSettings#stopSignal}, and waits for that.
   *
   * @throws AssertionError if it does not end in time, with the end of its output; it is killed
   */
  public void stop() {
    if (!isAlive()) {
      return;
    }
    ChildProcess.signal(running().pid(), settings.stopSignal());
    if (!await(settings.patience())) {
      kill();
      throw new AssertionError(this + " did not stop; its output ends with:\n" + tail());
    }
    RUNNING.remove(this);
  }

  private boolean await(Duration patience) {
    try {
      return Pace.within(patience).await(running().onExit());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** How much processor time the process has used; its children are not counted. */
  public Duration processorTime() {
    return running().info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** The end of what it has printed. */
  public String tail() {
    try {
      // Bytes that are no UTF-8 must not hide the rest.
      String text = new String(Files.readAllBytes(output), StandardCharsets.ISO_8859_1);
      List<String> lines = text.lines().toList();
      return String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()));
    } catch (IOException unreadable) {
      return "(unreadable: " + unreadable + ")";
    }
  }

  private Process running() {
    if (process == null) {
      throw new IllegalStateException(this + " has not been started; call start()");
    }
    return process;
  }

  /** Kills it and deletes its directory. Idempotent. */
  @Override
  public void close() {
    kill();
    Trees.delete(directory);
  }

  @Override
  public String toString() {
    return settings.name() + " on port " + port;
  }
}
