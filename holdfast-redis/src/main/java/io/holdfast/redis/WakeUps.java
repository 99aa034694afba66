package io.holdfast.redis;

import io.holdfast.engine.Environment;
import io.holdfast.redis.RedisLink.Opener;
import io.holdfast.redis.RedisServer.Connector;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The sessions of this store, and the connection over which they are woken. Thread-safe. */
final class WakeUps {

  // A session has one channel, whatever the number of its locks. Messages that come while there is
  // no connection are lost; the poll of the waiters makes good for them.

  private final SpaceKeys keys;
  private final RedisLink link;
  private final Map<Long, OwnSession> sessions = new ConcurrentHashMap<>();

  /** What the link is connected with. */
  private volatile @Nullable StatefulRedisPubSubConnection<byte[], byte[]> connection;

  /**
   * Not connected yet.
   *
   * @param where the server, without secrets
   */
  WakeUps(Connector connector, String where, Environment environment) {
    keys = connector.keys();
    Opener opener = owner -> open(connector, where, environment, owner);
    link = new RedisLink(where, environment, opener);
  }

  private CompletionStage<Wire> open(
      Connector connector, String where, Environment environment, RedisLink owner) {
    return connector
        .locator()
        .locate()
        .thenCompose(uri -> connect(connector.client(), uri))
        .thenCompose(
            made -> {
              Wire wire = new Wire(made, where, environment.ticker(), owner::lost);
              return listen(made)
                  .thenApply(done -> wire)
                  .whenComplete(
                      (done, failure) -> {
                        if (failure != null) {
                          wire.cut();
                        }
                      });
            });
  }

  private static CompletionStage<StatefulRedisPubSubConnection<byte[], byte[]>> connect(
      LettuceClient client, RedisURI uri) {
    return client.client().connectPubSubAsync(ByteArrayCodec.INSTANCE, uri);
  }

  void start() {
    link.start();
  }

  /** The sessions that are open. */
  Collection<OwnSession> sessions() {
    return sessions.values();
  }

  /** The numbers of the sessions that are open. */
  List<Long> ids() {
    return List.copyOf(sessions.keySet());
  }

  @Nullable OwnSession find(long id) {
    return sessions.get(id);
  }

  /** Subscribes a session. */
  CompletionStage<Void> add(long id, OwnSession session) {
    sessions.put(id, session);
    return link.wire().thenCompose(wire -> subscribe(wire, keys.channel(id)));
  }

  private CompletionStage<Void> subscribe(Wire wire, byte[] channel) {
    StatefulRedisPubSubConnection<byte[], byte[]> made = connection;
    CompletableFuture<Void> subscribed = new CompletableFuture<>();
    if (made == null) {
      subscribed.completeExceptionally(new IllegalStateException("connected, but to nothing"));
      return subscribed;
    }
    made.async()
        .subscribe(channel)
        .whenComplete(
            (done, failure) -> {
              if (failure == null) {
                subscribed.complete(null);
              } else {
                subscribed.completeExceptionally(RedisErrors.of(failure, wire.where(), false));
              }
            });
    return subscribed;
  }

  /** A session is over. */
  @SuppressWarnings("FutureReturnValueIgnored") // A message too many is ignored.
  void remove(long id) {
    StatefulRedisPubSubConnection<byte[], byte[]> made = connection;
    if (sessions.remove(id) != null && made != null && made.isOpen()) {
      made.async().unsubscribe(keys.channel(id));
    }
  }

  /** Connects again, because the server may be another one now. */
  void relocate() {
    link.renew();
  }

  void close() {
    link.close();
  }

  private CompletionStage<Void> listen(StatefulRedisPubSubConnection<byte[], byte[]> made) {
    made.addListener(new Messages());
    connection = made;
    byte[][] channels = ids().stream().map(keys::channel).toArray(byte[][]::new);
    return channels.length == 0
        ? CompletableFuture.completedFuture(null)
        : made.async().subscribe(channels);
  }

  private final class Messages extends RedisPubSubAdapter<byte[], byte[]> {
    @Override
    public void message(byte[] channel, byte[] name) {
      OwnSession session = sessions.get(SpaceKeys.session(channel));
      if (session != null) {
        session.wake(SpaceKeys.name(name));
      }
    }
  }
}
