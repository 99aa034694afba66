package io.holdfast.redis;

import io.holdfast.tck.ServerKit;
import io.holdfast.tck.ServerProcess;
import java.io.IOException;
import java.util.Collection;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;

/** The scenarios of a server that fails. It keeps its locks on disk, as one with locks should. */
@Tag("redis")
class RedisServerKitTest extends ServerKit {

  private static ServerProcess server;

  @BeforeAll
  static void start() {
    server = RedisProcess.settings("--appendonly", "yes", "--appendfsync", "always").start();
  }

  @AfterAll
  static void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Override
  protected ServerProcess server() {
    return server;
  }

  @Override
  protected String engineUri(int port) {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  protected Collection<String> leftovers(String space) throws IOException {
    String prefix = "holdfast:{" + space + "}:";
    return Stream.of(RedisProcess.ask(server.port(), "KEYS " + prefix + "*").split("\n", -1))
        .filter(key -> !key.isEmpty() && !key.equals(prefix + "version"))
        .toList();
  }

  @Override
  protected String notificationMark() {
    return "SUBSCRIBE";
  }
}
