package io.holdfast.zookeeper;

import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Three servers that elect a leader. */
final class TestEnsemble implements AutoCloseable {

  private final List<ServerProcess> servers = new ArrayList<>();

  TestEnsemble() {
    List<String> settings = new ArrayList<>(List.of("initLimit=25", "syncLimit=10"));
    for (int i = 1; i <= 3; i++) {
      ServerProcess server = TestServer.create();
      servers.add(server);
      String ports = ServerProcess.freePort() + ":" + ServerProcess.freePort();
      settings.add("server." + i + "=127.0.0.1:" + ports + ";127.0.0.1:" + server.port());
    }
    for (int i = 1; i <= 3; i++) {
      ServerProcess server = servers.get(i - 1);
      TestServer.configure(server, settings);
      try {
        Files.writeString(server.directory().resolve("data/myid"), Integer.toString(i));
      } catch (IOException failure) {
        throw new UncheckedIOException(failure);
      }
    }
    startAll();
  }

  /** Starts those that do not run: a server alone has no quorum, and is never ready. */
  void startAll() {
    List<CompletableFuture<Void>> starts = new ArrayList<>();
    for (ServerProcess server : servers) {
      if (!server.isAlive()) {
        starts.add(CompletableFuture.runAsync(server::start, work -> new Thread(work).start()));
      }
    }
    starts.forEach(CompletableFuture::join);
  }

  ServerProcess server(int index) {
    return servers.get(index);
  }

  ServerProcess leader() {
    for (ServerProcess server : servers) {
      try {
        if (server.isAlive() && TestServer.ask(server, "srvr").contains("Mode: leader")) {
          return server;
        }
      } catch (IOException notThisOne) {
        // Somebody else is.
      }
    }
    throw new AssertionError("nobody leads");
  }

  String uri() {
    return servers.stream()
        .map(server -> "127.0.0.1:" + server.port())
        .collect(Collectors.joining(",", "zookeeper://", "/locks"));
  }

  @Override
  public void close() {
    servers.forEach(ServerProcess::close);
  }
}
