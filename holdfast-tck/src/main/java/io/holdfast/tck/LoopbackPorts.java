package io.holdfast.tck;

import io.holdfast.engine.Environment;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.random.RandomGenerator;

/** Finds ports for servers and proxies. Thread-safe. */
final class LoopbackPorts {

  // A port stays taken until this JVM ends, since its server may be down when another test looks,
  // and tests of several JVMs look at the same time. What everybody can see, and what ends with the
  // JVM, is a UDP socket on the same number: it is in the way of no server here, because those
  // listen on TCP.

  /** A node of a Redis cluster talks to the others on the port that is so much higher. */
  static final int PARTNER = 10_000;

  private static final int FIRST = 10_000;

  /** The partners end below 30,000: Linux gives 32768 and higher to outgoing connections. */
  private static final int END = 20_000;

  private static final RandomGenerator RANDOM = Environment.system("ports").random();

  private static final ConcurrentMap<Integer, List<DatagramSocket>> TAKEN =
      new ConcurrentHashMap<>();

  private LoopbackPorts() {}

  /** A port that nobody listens on, nor on its partner; nobody else is given either. */
  static int free() {
    for (int attempt = 0; attempt < END - FIRST; attempt++) {
      int port = RANDOM.nextInt(FIRST, END);
      if (take(port)) {
        return port;
      }
    }
    throw new AssertionError(
        "no free port from " + FIRST + " to " + END + "; end what listens on them");
  }

  private static boolean take(int port) {
    List<DatagramSocket> claims = new ArrayList<>();
    try {
      for (int each : List.of(port, port + PARTNER)) {
        claims.add(claim(each));
        requireFree(each);
      }
      TAKEN.put(port, claims);
      return true;
    } catch (IOException taken) {
      claims.forEach(DatagramSocket::close);
      return false;
    }
  }

  private static DatagramSocket claim(int port) throws SocketException {
    return new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
  }

  private static void requireFree(int port) throws IOException {
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
  }
}
