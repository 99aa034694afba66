package io.holdfast.redis;

import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.ServerSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Starts Redis servers, and talks to them without a client library. */
final class RedisProcess {

  private RedisProcess() {}

  /** A server on a port of its own that keeps nothing on disk. */
  static ServerSettings settings(String... arguments) {
    return ServerProcess.program(
            ServerProcess.require(
                System.getProperty("holdfast.test.redis", "redis-server"),
                "apt-get install -y redis-server"))
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
