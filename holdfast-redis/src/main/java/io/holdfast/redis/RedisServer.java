package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Environment;
import io.holdfast.redis.RedisLink.Opener;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.CommandType;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server that keeps the locks, whichever it is at present. Thread-safe. */
final class RedisServer {

  private static final Logger LOG = LoggerFactory.getLogger(RedisServer.class);

  private final RedisLocation location;
  private final Environment environment;
  private final SpaceKeys keys;
  private final RedisLink link;
  private final Consumer<Wire> onReplaced;
  private volatile @Nullable Wire last;

  /**
   * A server that is not connected.
   *
   * @param onReplaced gets a connection that was in use, before another takes its place
   */
  RedisServer(
      RedisLocation location,
      Environment environment,
      Connector connector,
      Consumer<Wire> onReplaced) {
    this.location = location;
    this.environment = environment;
    this.keys = connector.keys();
    this.onReplaced = onReplaced;
    Opener opener = owner -> open(connector, owner);
    link = new RedisLink(location.display(), environment, opener);
  }

  /** How connections are made. */
  record Connector(LettuceClient client, Locator locator, SpaceKeys keys) {}

  private CompletionStage<Wire> open(Connector connector, RedisLink owner) {
    return connector
        .locator()
        .locate()
        .thenCompose(uri -> connector.client().client().connectAsync(ByteArrayCodec.INSTANCE, uri))
        .thenApply(made -> new Wire(made, location.display(), environment.ticker(), owner::lost))
        .thenCompose(
            wire ->
                greet(wire)
                    .whenComplete(
                        (done, failure) -> {
                          if (failure != null) {
                            wire.cut();
                          }
                        }));
  }

  /** Looks whom it is connected to, and refuses who cannot keep locks. */
  private CompletionStage<Wire> greet(Wire wire) {
    return wire.call(CommandType.INFO, false)
        .handle(
            (answer, failure) -> {
              if (failure == null) {
                return ServerReport.parse(text(answer.get(0)));
              }
              LOG.warn("{} does not tell about itself", wire.where(), failure);
              return ServerReport.UNKNOWN;
            })
        .thenApply(
            report -> {
              report.require(location, wire.where());
              wire.report(report);
              Wire before = last;
              last = wire;
              if (before != null) {
                onReplaced.accept(before);
              }
              return wire;
            });
  }

  /**
   * Connects and waits until that is done.
   *
   * @throws EngineUnavailableException if it fails
   */
  void start() {
    link.start();
    CompletableFuture<Wire> connected = link.wire().toCompletableFuture();
    try {
      connected.get(RedisLink.FIRST_ATTEMPT_LIMIT.toSeconds() + 1, TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof EngineUnavailableException known
          ? new EngineUnavailableException(String.valueOf(known.getMessage()), known)
          : new EngineUnavailableException(
              "cannot connect to " + location.display() + "; check it, then retry", failed);
    } catch (TimeoutException never) {
      throw new EngineUnavailableException(
          location.display() + " does not answer; check it, then retry", never);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new EngineUnavailableException(
          "interrupted while connecting to " + location.display() + "; retry", interrupted);
    }
  }

  /** The connection in use, or the one that is being made. */
  CompletionStage<Wire> wire() {
    return link.wire();
  }

  /** Runs a script. */
  CompletionStage<List<Object>> run(Script script, List<byte[]> keyList, List<byte[]> arguments) {
    return wire().thenCompose(wire -> wire.run(script, keyList, arguments));
  }

  /**
   * Waits until the replicas that were asked for have all that this connection has written or seen.
   *
   * @param touched whether something was written over this connection after what counts was seen
   */
  <T> CompletionStage<T> confirmed(Wire wire, T value, boolean touched) {
    int replicas = location.options().waitReplicas();
    if (replicas == 0) {
      return CompletableFuture.completedFuture(value);
    }
    CompletionStage<List<Object>> written =
        touched
            ? CompletableFuture.completedFuture(List.of())
            : wire.call(
                CommandType.HINCRBY, true, keys.version(), Wire.ascii("reads"), Wire.ascii("1"));
    return written
        .thenCompose(
            done ->
                wire.call(
                    CommandType.WAIT,
                    true,
                    Wire.ascii(replicas),
                    Wire.ascii(location.options().waitTimeout().toMillis())))
        .thenApply(
            answer -> {
              long confirmed = (Long) answer.get(0);
              if (confirmed < replicas) {
                throw new OutcomeUnknownException(
                    wire.where()
                        + " has it, but only "
                        + confirmed
                        + " of the "
                        + replicas
                        + " replicas asked for have confirmed; send the same command again");
              }
              return value;
            });
  }

  /** The answer to CONFIG GET for some settings; empty if it is forbidden. */
  CompletionStage<Map<String, String>> settings(Wire wire) {
    Map<String, String> settings = new HashMap<>();
    CompletionStage<Map<String, String>> all = CompletableFuture.completedFuture(settings);
    for (String name : List.of("save", "appendfsync", "min-replicas-to-write")) {
      all =
          all.thenCompose(
              known ->
                  wire.call(CommandType.CONFIG, false, Wire.ascii("GET"), Wire.ascii(name))
                      .handle(
                          (answer, forbidden) -> {
                            if (forbidden == null && answer.size() > 1) {
                              known.put(name, text(answer.get(1)));
                            }
                            return known;
                          }));
    }
    return all;
  }

  void close() {
    link.close();
  }

  static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }
}
