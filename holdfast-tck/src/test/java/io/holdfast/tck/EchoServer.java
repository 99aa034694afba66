package io.holdfast.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A server whose answer to a line is the same line, after its process id. */
final class EchoServer {

  private EchoServer() {}

  /** Listens on the port that its only argument names. */
  public static void main(String[] arguments) throws IOException {
    System.out.println("starting with " + String.join(" ", arguments));
    try (ServerSocket server = new ServerSocket()) {
      server.setReuseAddress(true);
      server.bind(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])));
      while (true) {
        Socket client = server.accept();
        new Thread(() -> echo(client)).start();
      }
    }
  }

  private static void echo(Socket client) {
    try (client) {
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
      OutputStream out = client.getOutputStream();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String answer = ProcessHandle.current().pid() + " " + line + "\n";
        out.write(answer.getBytes(StandardCharsets.UTF_8));
      }
    } catch (IOException reset) {
      System.out.println("client: " + reset);
    }
  }
}
