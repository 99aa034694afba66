package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Calls;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.protocol.CommandType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records, sessions and versions of a space in one Redis server, changed by scripts; see {@link
 * Script}.
 */
final class RedisRecordStore implements RecordStore {

  private static final Logger LOG = LoggerFactory.getLogger(RedisRecordStore.class);

  private static final byte[] NOTHING = new byte[0];

  /** How long a close waits for the sessions to be ended. */
  private static final Duration FAREWELL = Duration.ofSeconds(1);

  private final RedisLocation location;
  private final SpaceKeys keys;
  private final LettuceClient client;
  private final RedisServer server;
  private final WakeUps wakeUps;
  private final RedisSessions sessions;
  private final AtomicBoolean closed = new AtomicBoolean();

  private RedisRecordStore(RedisLocation location, String space, Environment environment) {
    this.location = location;
    keys = new SpaceKeys(space);
    client = new LettuceClient();
    Locator locator =
        switch (location.kind()) {
          case STANDALONE -> () -> found(location.at(location.seeds().get(0)));
          case SENTINEL -> sentinels(location);
          case CLUSTER ->
              new ClusterLocator(client.client(), location, SlotHash.getSlot(keys.version()));
        };
    RedisServer.Connector connector = new RedisServer.Connector(client, locator, keys);
    wakeUps = new WakeUps(connector, location.display(), environment);
    server = new RedisServer(location, environment, connector, this::replaced);
    sessions = new RedisSessions(keys, server, wakeUps);
  }

  /** One that hangs must not keep the others from being asked for ever. */
  private static Locator sentinels(RedisLocation location) {
    AtomicInteger attempts = new AtomicInteger();
    return () -> found(location.throughSentinels(attempts.getAndIncrement()));
  }

  private static <T> CompletionStage<T> found(T value) {
    return CompletableFuture.completedFuture(value);
  }

  /**
   * Connects.
   *
   * @throws io.holdfast.EngineUnavailableException if the server cannot be used
   */
  static RedisRecordStore open(RedisLocation location, String space, Environment environment) {
    RedisRecordStore store = new RedisRecordStore(location, space, environment);
    try {
      store.server.start();
    } catch (RuntimeException unusable) {
      store.close();
      throw unusable;
    }
    store.wakeUps.start();
    store
        .examine()
        .thenAccept(
            findings ->
                findings.stream()
                    .filter(finding -> finding.level() != Finding.Level.FINE)
                    .forEach(
                        finding ->
                            LOG.warn(
                                "{}: {}: {}",
                                location.display(),
                                finding.subject(),
                                finding.text())));
    return store;
  }

  /** The next connection may lead to a server that has lost what came over this one. */
  private void replaced(Wire before) {
    wakeUps.sessions().forEach(session -> session.doubt(before.seen()));
    if (location.kind() != RedisLocation.Kind.STANDALONE) {
      wakeUps.relocate();
    }
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return server
        .wire()
        .thenCompose(
            wire ->
                wire.call(CommandType.HGET, false, keys.locks(), SpaceKeys.name(name))
                    .thenApply(answer -> stored(wire, (byte[]) answer.get(0)))
                    .thenCompose(stored -> server.confirmed(wire, stored, false)))
        .exceptionallyCompose(failure -> CompletableFuture.failedFuture(asLook(failure)));
  }

  /** A look changes nothing, whatever went unanswered. */
  private static Throwable asLook(Throwable failure) {
    Throwable cause = Calls.cause(failure);
    return cause instanceof OutcomeUnknownException
        ? new EngineUnavailableException(String.valueOf(cause.getMessage()), cause)
        : cause;
  }

  private static Stored stored(Wire wire, byte @Nullable [] value) {
    if (value == null) {
      return Stored.ABSENT;
    }
    int blank = 0;
    while (value[blank] != ' ') {
      blank++;
    }
    long version = Long.parseLong(new String(value, 0, blank, StandardCharsets.US_ASCII));
    wire.see(version);
    return new Stored(version, Arrays.copyOfRange(value, blank + 1, value.length));
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    byte[] bytes = write.bytes();
    return server
        .wire()
        .thenCompose(
            wire -> {
              List<byte[]> arguments = new ArrayList<>();
              arguments.add(wire.process());
              arguments.add(SpaceKeys.name(write.name()));
              arguments.add(Wire.ascii(write.expected()));
              arguments.add(bytes == null ? NOTHING : bytes);
              write.wake().forEach(session -> arguments.add(keys.channel(session)));
              return wire.run(
                      Script.COMPARE_AND_SET,
                      List.of(keys.version(), keys.locks(), keys.names()),
                      arguments)
                  .thenApply(answer -> outcome(wire, bytes, answer))
                  .thenCompose(outcome -> server.confirmed(wire, outcome, outcome.written()));
            });
  }

  private static Outcome outcome(Wire wire, byte @Nullable [] bytes, List<Object> answer) {
    if ((Long) answer.get(0) == 0) {
      return new Outcome(false, stored(wire, answer.size() < 2 ? null : (byte[]) answer.get(1)));
    }
    if (bytes == null) {
      return new Outcome(true, Stored.ABSENT);
    }
    long version = (Long) answer.get(1);
    wire.see(version);
    return new Outcome(true, new Stored(version, bytes));
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    boolean exclusive = after.compareTo(prefix) >= 0;
    String from = exclusive ? after : prefix;
    byte[] edge = SpaceKeys.name((exclusive ? "(" : "[") + from);
    return server
        .wire()
        .thenCompose(
            wire ->
                wire.run(
                        Script.LIST,
                        List.of(keys.locks(), keys.names()),
                        List.of(from.isEmpty() ? Wire.ascii("-") : edge, Wire.ascii(limit)))
                    .thenApply(answer -> entries(wire, prefix, answer)));
  }

  private static List<Entry> entries(Wire wire, String prefix, List<Object> answer) {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < answer.size(); i += 2) {
      String name = SpaceKeys.name((byte[]) answer.get(i));
      if (!name.startsWith(prefix)) {
        // Names with the prefix follow one another, and the list begins with them.
        break;
      }
      entries.add(new Entry(name, stored(wire, (byte[]) answer.get(i + 1))));
    }
    return entries;
  }

  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
    return sessions.open(terms, onWake);
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return sessions.renew(session);
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    return sessions.close(session);
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    return sessions.findDead(asked);
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    return sessions.describe(asked);
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return sessions.publish(session, report);
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    return sessions.published(asked);
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> sessions, String name) {
    byte[] message = SpaceKeys.name(name);
    return server
        .wire()
        .thenCompose(
            wire -> {
              CompletableFuture<?>[] sent =
                  sessions.stream()
                      .map(id -> wire.call(CommandType.PUBLISH, true, keys.channel(id), message))
                      .map(CompletionStage::toCompletableFuture)
                      .toArray(CompletableFuture<?>[]::new);
              return CompletableFuture.allOf(sent);
            });
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription("redis", location.display(), RedisPromises.of(location));
  }

  @Override
  public CompletionStage<List<Finding>> examine() {
    return server
        .wire()
        .thenCompose(
            wire ->
                wire.call(CommandType.INFO, false)
                    .handle(
                        (answer, forbidden) ->
                            forbidden == null
                                ? ServerReport.parse(RedisServer.text(answer.get(0)))
                                : ServerReport.UNKNOWN)
                    .thenCombine(
                        server.settings(wire),
                        (report, settings) -> report.findings(location.options(), settings)));
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    byte[][] own = wakeUps.ids().stream().map(keys::session).toArray(byte[][]::new);
    if (own.length > 0) {
      farewell(own);
    }
    wakeUps.close();
    server.close();
    client.shutdown();
  }

  /** If it fails, the sessions end when they are not renewed. */
  private void farewell(byte[][] sessions) {
    try {
      server
          .wire()
          .thenCompose(wire -> wire.call(CommandType.DEL, true, sessions))
          .toCompletableFuture()
          .get(FAREWELL.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException unimportant) {
      LOG.debug("sessions were left to expire", unimportant);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
