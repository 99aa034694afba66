package io.holdfast.tck;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A connection to an {@link EchoServer}. */
final class EchoClient implements AutoCloseable {

  static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Socket socket = new Socket();
  private final BufferedReader lines;

  EchoClient(int port) throws IOException {
    socket.connect(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port), (int) PATIENCE.toMillis());
    lines =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  void say(String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** The answer without the process id. */
  String hear() throws IOException {
    socket.setSoTimeout((int) PATIENCE.toMillis());
    String line = lines.readLine();
    return line == null ? "end" : line.substring(line.indexOf(' ') + 1);
  }

  String ask(String line) throws IOException {
    say(line);
    return hear();
  }

  /** Whether nothing at all comes for a while: no answer, no end, no reset. */
  boolean hearsNothing(Duration duration) throws IOException {
    socket.setSoTimeout((int) duration.toMillis());
    try {
      lines.readLine();
      return false;
    } catch (SocketTimeoutException silence) {
      return true;
    }
  }

  void endOutput() throws IOException {
    socket.shutdownOutput();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
