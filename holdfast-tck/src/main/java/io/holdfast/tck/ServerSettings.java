package io.holdfast.tck;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to run a {@link ServerProcess}. In arguments and commands, <code>{port}</code> stands for its
 * port and <code>{directory}</code> for its directory. Not thread-safe.
 */
public final class ServerSettings {

  private final String name;
  private final List<String> command;
  private final List<List<String>> preparations = new ArrayList<>();
  private final Map<String, String> environment = new HashMap<>();
  private ServerProcess.Probe probe = server -> true;
  private Duration patience = Duration.ofSeconds(60);
  private String stopSignal = "TERM";
  private @Nullable String user;
  private int port;

  ServerSettings(String name, List<String> command) {
    this.name = name;
    this.command = new ArrayList<>(command);
  }

  /** Adds arguments to the server's command. */
  public ServerSettings arguments(String... arguments) {
    command.addAll(List.of(arguments));
    return this;
  }

  /** Adds a command to run in the directory before the first start, for example initdb. */
  public ServerSettings prepare(String... preparation) {
    preparations.add(List.of(preparation));
    return this;
  }

  /** Sets a variable of the server's environment. */
  public ServerSettings variable(String variable, String value) {
    environment.put(variable, value);
    return this;
  }

  /** What must succeed before the server counts as started; it accepts connections by then. */
  public ServerSettings ready(ServerProcess.Probe value) {
    probe = value;
    return this;
  }

  /** How long to wait for it to start, and to stop; 60 s unless said. */
  public ServerSettings patience(Duration value) {
    patience = value;
    return this;
  }

  /** The signal by which it is asked to end, without SIG; TERM unless said. */
  public ServerSettings stopSignal(String value) {
    stopSignal = value;
    return this;
  }

  /**
   * The user to run as where the test runs as root, for servers that refuse that. Needs setpriv
   * (Debian: util-linux).
   */
  public ServerSettings user(String value) {
    user = value;
    return this;
  }

  /** Its port; any free one unless said. */
  public ServerSettings port(int value) {
    port = value;
    return this;
  }

  /** Makes the directory and chooses the port, but does not start the server. */
  public ServerProcess create() {
    return new ServerProcess(this);
  }

  /**
   * Creates and starts the server.
   *
   * @throws AssertionError as {@link ServerProcess#start()}
   */
  public ServerProcess start() {
    ServerProcess server = create();
    try {
      server.start();
      return server;
    } catch (RuntimeException | Error failure) {
      server.close();
      throw failure;
    }
  }

  String name() {
    return name;
  }

  List<String> command() {
    return command;
  }

  List<List<String>> preparations() {
    return preparations;
  }

  Map<String, String> environment() {
    return environment;
  }

  ServerProcess.Probe probe() {
    return probe;
  }

  Duration patience() {
    return patience;
  }

  String stopSignal() {
    return stopSignal;
  }

  /** Another user than the one that the test runs as; only root can change it. */
  @Nullable String foreignUser() {
    return "root".equals(System.getProperty("user.name")) ? user : null;
  }

  int port() {
    return port == 0 ? LoopbackPorts.free() : port;
  }
}
