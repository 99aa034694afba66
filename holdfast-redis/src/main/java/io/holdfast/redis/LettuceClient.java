package io.holdfast.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A client of Lettuce, set up for connections that are used once. */
final class LettuceClient {

  /** How long a connection may take until it stands; an attempt has a limit of its own. */
  static final Duration CONNECT_LIMIT = Duration.ofSeconds(20);

  private static final Duration TCP_LIMIT = Duration.ofSeconds(3);

  private static final int IO_THREADS = 2;

  /** The threads, shared by the clients of this JVM, and ended with the last of them. */
  private static final class Shared {
    private static @Nullable ClientResources resources;
    private static int users;

    static synchronized ClientResources join() {
      ClientResources present = resources;
      if (present == null) {
        present =
            DefaultClientResources.builder()
                .ioThreadPoolSize(IO_THREADS)
                .computationThreadPoolSize(2)
                .commandLatencyRecorder(CommandLatencyRecorder.disabled())
                .build();
        resources = present;
      }
      users++;
      return present;
    }

    @SuppressWarnings("FutureReturnValueIgnored") // Nobody waits for the end of it.
    static synchronized void leave() {
      users--;
      if (users == 0 && resources != null) {
        resources.shutdown(0, 1, TimeUnit.SECONDS);
        resources = null;
      }
    }
  }

  private final RedisClient client;

  LettuceClient() {
    client = RedisClient.create(Shared.join());
    client.setOptions(
        ClientOptions.builder()
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .maintNotificationsConfig(MaintNotificationsConfig.disabled())
            .timeoutOptions(TimeoutOptions.create())
            .socketOptions(
                SocketOptions.builder().connectTimeout(TCP_LIMIT).tcpNoDelay(true).build())
            .build());
  }

  RedisClient client() {
    return client;
  }

  /** Ends all connections, in the background. Called once. */
  @SuppressWarnings("FutureReturnValueIgnored") // Nobody waits for the end of it.
  void shutdown() {
    client.shutdownAsync(0, 1, TimeUnit.SECONDS).whenComplete((done, failure) -> Shared.leave());
  }
}
