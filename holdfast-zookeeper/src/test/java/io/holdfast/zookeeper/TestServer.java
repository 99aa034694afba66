package io.holdfast.zookeeper;

import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.SharedServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.apache.zookeeper.server.quorum.QuorumPeerMain;

/** ZooKeeper servers as processes of their own. */
final class TestServer {

  private static final SharedServer SHARED = new SharedServer(TestServer::start);

  private TestServer() {}

  /** The server that tests share which do it no harm. */
  static ServerProcess shared() {
    return SHARED.get();
  }

  /** Where a server is, without a directory. */
  static String uri(ServerProcess server) {
    return "zookeeper://127.0.0.1:" + server.port();
  }

  /** A server by itself. */
  static ServerProcess start(String... settings) {
    ServerProcess server = create();
    configure(server, List.of(settings));
    server.start();
    return server;
  }

  /** A server that is still to be configured and started. */
  static ServerProcess create() {
    return ServerProcess.main(QuorumPeerMain.class)
        .arguments("{directory}/zoo.cfg")
        .variable(
            "JAVA_TOOL_OPTIONS",
            "-Xmx256m -XX:TieredStopAtLevel=1 -Dzookeeper.preAllocSize=4096"
                + " -Dzookeeper.forceSync=no -Dzookeeper.admin.enableServer=false")
        .ready(server -> ask(server, "srvr").contains("Mode: "))
        .create();
  }

  /** Writes the configuration; later settings win over earlier ones. */
  static void configure(ServerProcess server, List<String> settings) {
    List<String> lines =
        List.of(
            "dataDir=" + server.directory() + "/data",
            "clientPort=" + server.port(),
            "clientPortAddress=127.0.0.1",
            "maxClientCnxns=0",
            "tickTime=400",
            "maxSessionTimeout=1000000",
            "4lw.commands.whitelist=*");
    try {
      Files.createDirectories(server.directory().resolve("data"));
      Files.writeString(
          server.directory().resolve("zoo.cfg"),
          String.join("\n", lines) + "\n" + String.join("\n", settings) + "\n");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /** Asks with one of ZooKeeper's four-letter words. */
  static String ask(ServerProcess server, String word) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
