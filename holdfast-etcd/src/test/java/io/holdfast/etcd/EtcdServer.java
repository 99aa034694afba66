package io.holdfast.etcd;

import io.holdfast.tck.ServerProcess;
import io.holdfast.tck.ServerSettings;
import io.holdfast.tck.SharedServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Starts etcd for tests: without fsync, which costs a slow disk most of the time. */
final class EtcdServer {

  private static final SharedServer SHARED = new SharedServer(EtcdServer::start);

  private EtcdServer() {}

  /** The member that tests share which do it no harm. */
  static ServerProcess shared() {
    return SHARED.get();
  }

  static Path binary() {
    return ServerProcess.require("etcd", "apt-get install -y etcd-server");
  }

  /** One member on its own. */
  static ServerProcess start(String... arguments) {
    int peer = ServerProcess.freePort();
    return settings("one", peer, "one=http://127.0.0.1:" + peer).arguments(arguments).start();
  }

  /** One member on its own that wants to see certificates which the given one has signed. */
  static ServerProcess startEncrypted(String certificate, String key) {
    int peer = ServerProcess.freePort();
    return member("one", peer, "one=http://127.0.0.1:" + peer)
        .arguments("--listen-client-urls", "https://127.0.0.1:{port}")
        .arguments("--advertise-client-urls", "https://127.0.0.1:{port}")
        .arguments("--cert-file", certificate, "--key-file", key)
        .arguments("--client-cert-auth", "--trusted-ca-file", certificate)
        .start();
  }

  /** Members of one cluster; not started, because the first one waits for the second. */
  static List<ServerProcess> cluster(int members, String... arguments) {
    List<Integer> peers = new ArrayList<>();
    StringBuilder cluster = new StringBuilder();
    for (int i = 0; i < members; i++) {
      peers.add(ServerProcess.freePort());
      cluster.append(i == 0 ? "" : ",");
      cluster.append("m").append(i).append("=http://127.0.0.1:").append(peers.get(i));
    }
    List<ServerProcess> servers = new ArrayList<>();
    for (int i = 0; i < members; i++) {
      servers.add(
          settings("m" + i, peers.get(i), cluster.toString()).arguments(arguments).create());
    }
    return servers;
  }

  private static ServerSettings settings(String name, int peer, String cluster) {
    return member(name, peer, cluster)
        .arguments("--listen-client-urls", "http://127.0.0.1:{port}")
        .arguments("--advertise-client-urls", "http://127.0.0.1:{port}")
        .ready(server -> get(server, "/health").contains("true"));
  }

  private static ServerSettings member(String name, int peer, String cluster) {
    return ServerProcess.program(binary())
        .arguments("--name", name, "--data-dir", "{directory}/data", "--unsafe-no-fsync")
        .arguments("--listen-peer-urls", "http://127.0.0.1:" + peer)
        .arguments("--initial-advertise-peer-urls", "http://127.0.0.1:" + peer)
        .arguments("--initial-cluster", cluster, "--logger", "zap", "--log-level", "warn");
  }

  static String uri(ServerProcess... servers) {
    return "etcd://"
        + List.of(servers).stream()
            .map(server -> "127.0.0.1:" + server.port())
            .collect(Collectors.joining(","));
  }

  /** A page of the server's own HTTP interface. */
  static String get(ServerProcess server, String page) throws IOException {
    URI uri = URI.create("http://127.0.0.1:" + server.port() + page);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setConnectTimeout(1_000);
    connection.setReadTimeout(5_000);
    try (InputStream answer = connection.getInputStream()) {
      return new String(answer.readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      connection.disconnect();
    }
  }
}
