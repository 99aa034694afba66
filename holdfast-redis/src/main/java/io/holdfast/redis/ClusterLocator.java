package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Calls;
import io.holdfast.redis.RedisLocation.Address;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Asks the nodes of a cluster which of them serves the slot of the space. */
final class ClusterLocator implements Locator {

  // All keys of a space are in one slot, so one connection to one node is all that is needed, and
  // none of Lettuce's cluster client: it would send commands again by itself.

  private final RedisClient client;
  private final RedisLocation location;
  private final int slot;

  /** Nodes to ask: those that answered last, then those of the URI. */
  private volatile List<Address> known;

  private final AtomicInteger attempts = new AtomicInteger();

  ClusterLocator(RedisClient client, RedisLocation location, int slot) {
    this.client = client;
    this.location = location;
    this.slot = slot;
    known = location.seeds();
  }

  @Override
  public CompletionStage<RedisURI> locate() {
    // One that hangs must not keep the others from being asked for ever.
    List<Address> nodes = new ArrayList<>(known);
    Collections.rotate(nodes, -attempts.getAndIncrement());
    return ask(nodes, 0, null);
  }

  private CompletionStage<RedisURI> ask(List<Address> nodes, int next, @Nullable Throwable before) {
    if (next == nodes.size()) {
      return CompletableFuture.failedFuture(
          new EngineUnavailableException(
              "none of the cluster nodes "
                  + nodes
                  + " tells who serves slot "
                  + slot
                  + (before == null ? "" : " (" + before.getMessage() + ")")
                  + "; check that they run and that the cluster is complete, then retry",
              before));
    }
    Address node = nodes.get(next);
    CompletableFuture<RedisURI> found = new CompletableFuture<>();
    ask(node)
        .whenComplete(
            (owner, failure) -> {
              if (owner != null && owner.isPresent()) {
                found.complete(location.at(owner.get()));
                return;
              }
              Throwable reason = failure == null ? before : Calls.cause(failure);
              ask(nodes, next + 1, reason)
                  .whenComplete(
                      (uri, none) -> {
                        if (none == null) {
                          found.complete(uri);
                        } else {
                          found.completeExceptionally(Calls.cause(none));
                        }
                      });
            });
    return found;
  }

  private CompletionStage<Optional<Address>> ask(Address node) {
    return client
        .connectAsync(StringCodec.UTF8, location.at(node))
        .thenCompose(connection -> ask(node, connection));
  }

  private CompletionStage<Optional<Address>> ask(
      Address node, StatefulRedisConnection<String, String> connection) {
    return connection
        .async()
        .clusterSlots()
        .thenApply(ranges -> owner(node, ranges))
        .whenComplete((owner, failure) -> close(connection));
  }

  @SuppressWarnings("FutureReturnValueIgnored") // What became of it does not matter.
  private static void close(StatefulRedisConnection<String, String> connection) {
    connection.closeAsync();
  }

  private Optional<Address> owner(Address asked, List<Object> ranges) {
    Optional<Address> owner = Optional.empty();
    Set<Address> nodes = new LinkedHashSet<>();
    for (Object range : ranges) {
      List<?> parts = (List<?>) range;
      for (Object node : parts.subList(2, parts.size())) {
        nodes.add(address(asked, (List<?>) node));
      }
      if (parts.size() > 2 && (Long) parts.get(0) <= slot && slot <= (Long) parts.get(1)) {
        owner = Optional.of(address(asked, (List<?>) parts.get(2)));
      }
    }
    if (owner.isPresent()) {
      nodes.addAll(location.seeds());
      known = new ArrayList<>(nodes);
    }
    return owner;
  }

  /** A node that does not know its own address is the one that was asked. */
  private static Address address(Address asked, List<?> node) {
    Object host = node.get(0);
    boolean unknown = host == null || host.toString().isEmpty() || host.toString().equals("?");
    return new Address(
        unknown ? asked.host() : host.toString(), Math.toIntExact((Long) node.get(1)));
  }
}
