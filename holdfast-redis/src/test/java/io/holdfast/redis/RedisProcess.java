package io.holdfast.redis;

import io.holdfast.tck.ServerPackage;
import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.ServerSettings;
import io.holdfast.tck.SharedServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Starts Redis servers, and talks to them without a client library. It is the version that comes in
 * a jar, so that everybody tests the same one, and where that does not run, the installed one.
 */
final class RedisProcess {

  private static final String NAME = "redis-server";
  private static final String PACKAGED = "/redis-server-6.2.6-v5-linux-amd64";

  private static final SharedServer SHARED = new SharedServer(() -> settings().start());

  /** Unpacked when the first test needs it. */
  private static final class Packaged {
    static final Optional<Path> PROGRAM =
        Optional.ofNullable(RedisProcess.class.getResourceAsStream(PACKAGED))
            .filter(content -> ServerPackage.fitsThisMachine())
            .map(content -> ServerPackage.program(NAME, content))
            .filter(Packaged::runs);

    /** It needs OpenSSL 3, which an old system has not. */
    private static boolean runs(Path program) {
      try {
        return new ProcessBuilder(program.toString(), "--version")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor()
            == 0;
      } catch (IOException cannot) {
        return false;
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  private RedisProcess() {}

  /** The server that tests share which do it no harm. */
  static ServerProcess shared() {
    return SHARED.get();
  }

  /** The program of a server; skips the test if there is none. */
  static Path program() {
    return Packaged.PROGRAM.orElseGet(
        () -> ServerProcess.require(NAME, "apt-get install -y redis-server"));
  }

  /** As {@link #program()}, but the version that the system has comes first. */
  static Path installed() {
    return ServerProcess.find(System.getProperty("holdfast.test.redis", NAME))
        .orElseGet(RedisProcess::program);
  }

  /** A server on a port of its own that keeps nothing on disk. */
  static ServerSettings settings(String... arguments) {
    return settings(program(), arguments);
  }

  /** As {@link #settings(String...)}, of one program. */
  static ServerSettings settings(Path program, String... arguments) {
    return ServerProcess.program(program)
        .arguments("--port", "{port}", "--bind", "127.0.0.1", "--dir", "{directory}")
        .arguments("--save", "", "--appendonly", "no")
        .arguments(arguments)
        .ready(server -> !ask(server.port(), "PING").startsWith("-LOADING"));
  }

  static String uri(ServerProcess server) {
    return "redis://127.0.0.1:" + server.port();
  }

  /** Sends an inline command; returns the first line, or all of a bulk string or array. */
  static String ask(int port, String command) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write((command + "\r\n").getBytes(StandardCharsets.UTF_8));
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      return reply(in);
    }
  }

  private static String reply(BufferedReader in) throws IOException {
    String line = in.readLine();
    if (line == null) {
      throw new IOException("the server has hung up");
    }
    if (line.startsWith("$")) {
      int length = Integer.parseInt(line.substring(1));
      if (length < 0) {
        return "";
      }
      StringBuilder text = new StringBuilder();
      while (text.length() < length + 2) {
        text.append((char) in.read());
      }
      return text.substring(0, length);
    }
    if (line.startsWith("*")) {
      List<String> parts = new ArrayList<>();
      for (int i = 0; i < Integer.parseInt(line.substring(1)); i++) {
        parts.add(reply(in));
      }
      return String.join("\n", parts);
    }
    return line.startsWith("+") || line.startsWith(":") ? line.substring(1) : line;
  }
}
