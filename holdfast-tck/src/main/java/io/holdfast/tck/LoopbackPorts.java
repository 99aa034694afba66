package io.holdfast.tck;

import io.holdfast.engine.Environment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;

/** Finds ports for servers and proxies. Thread-safe. */
final class LoopbackPorts {

  private static final int FIRST = 20_000;

  /** Linux gives 32768 and higher to outgoing connections. */
  private static final int END = 32_000;

  private static final RandomGenerator RANDOM = Environment.system("ports").random();

  /** A port is handed out once, since its server may be down when another one looks. */
  private static final Set<Integer> TAKEN = ConcurrentHashMap.newKeySet();

  private LoopbackPorts() {}

  static int free() {
    for (int attempt = 0; attempt < END - FIRST; attempt++) {
      int port = RANDOM.nextInt(FIRST, END);
      if (TAKEN.add(port) && isFree(port)) {
        return port;
      }
    }
    throw new AssertionError(
        "no free port from " + FIRST + " to " + END + "; end what listens on them");
  }

  private static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }
}
