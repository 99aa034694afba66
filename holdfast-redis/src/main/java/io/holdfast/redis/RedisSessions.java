package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.SessionTerms;
import io.lettuce.core.protocol.CommandType;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The sessions of a space: keys that expire by the server's clock. Thread-safe. */
final class RedisSessions {

  private final SpaceKeys keys;
  private final RedisServer server;
  private final WakeUps wakeUps;

  RedisSessions(SpaceKeys keys, RedisServer server, WakeUps wakeUps) {
    this.keys = keys;
    this.server = server;
    this.wakeUps = wakeUps;
  }

  CompletionStage<Long> open(SessionTerms terms, Consumer<String> onWake) {
    return server
        .wire()
        .thenCompose(
            wire ->
                wire.run(Script.DRAW, List.of(keys.version()), List.of(wire.process()))
                    .thenApply(answer -> (Long) answer.get(0))
                    .thenCompose(id -> make(wire, id, terms, onWake)));
  }

  private CompletionStage<Long> make(
      Wire wire, long id, SessionTerms terms, Consumer<String> onWake) {
    wire.see(id);
    List<byte[]> arguments =
        List.of(
            Wire.ascii(terms.ttl().toMillis()),
            utf8(terms.node()),
            utf8(terms.host()),
            Wire.ascii(terms.pid()));
    return wakeUps
        .add(id, new OwnSession(id, onWake))
        .thenCompose(
            subscribed -> wire.run(Script.OPEN_SESSION, List.of(keys.session(id)), arguments))
        .thenCompose(
            answer -> {
              if ((Long) answer.get(0) == 0) {
                throw new EngineUnavailableException(
                    "session " + id + " exists at " + wire.where() + " already; retry");
              }
              return server.confirmed(wire, id, true);
            })
        .whenComplete(
            (opened, failure) -> {
              if (failure != null) {
                wakeUps.remove(id);
              }
            });
  }

  CompletionStage<Boolean> renew(long session) {
    OwnSession own = wakeUps.find(session);
    return server
        .wire()
        .thenCompose(wire -> renew(wire, session, own))
        .thenApply(
            alive -> {
              if (!alive) {
                wakeUps.remove(session);
              }
              return alive;
            });
  }

  private CompletionStage<Boolean> renew(Wire wire, long session, @Nullable OwnSession own) {
    // Asked for only now: the connection may have been made while the renewal waited for it.
    List<AtomicLong> doubts = own == null ? List.of() : own.doubts();
    List<byte[]> arguments = new ArrayList<>();
    arguments.add(wire.process());
    arguments.add(Wire.ascii(wire.seen().get()));
    doubts.forEach(seen -> arguments.add(Wire.ascii(seen.get())));
    return wire.run(Script.RENEW_SESSION, List.of(keys.version(), keys.session(session)), arguments)
        .thenCompose(
            answer -> {
              boolean alive = (Long) answer.get(0) == 1;
              if (alive && own != null) {
                own.clear(doubts);
              }
              return server.confirmed(wire, alive, true);
            });
  }

  CompletionStage<Void> close(long session) {
    wakeUps.remove(session);
    return server
        .wire()
        .thenCompose(wire -> wire.call(CommandType.DEL, true, keys.session(session)))
        .thenApply(done -> null);
  }

  CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    List<Long> sessions = List.copyOf(Set.copyOf(asked));
    // What is gone stays gone: a session is made once, under a number that never comes again.
    return ofEach(Script.ALIVE, sessions)
        .thenApply(
            answer -> {
              Set<Long> dead = new HashSet<>();
              for (int i = 0; i < sessions.size(); i++) {
                if ((Long) answer.get(i) == 0) {
                  dead.add(sessions.get(i));
                }
              }
              return dead;
            });
  }

  private CompletionStage<List<Object>> ofEach(Script script, List<Long> sessions) {
    return sessions.isEmpty()
        ? CompletableFuture.completedFuture(List.of())
        : server.run(script, sessions.stream().map(keys::session).toList(), List.of());
  }

  CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    List<Long> sessions = List.copyOf(Set.copyOf(asked));
    return ofEach(Script.DESCRIBE, sessions)
        .thenApply(
            answer -> {
              Map<Long, SessionTerms> known = new HashMap<>();
              for (int i = 0; i < sessions.size(); i++) {
                List<?> fields = (List<?>) answer.get(i);
                if (fields.get(0) != null) {
                  known.put(sessions.get(i), terms(fields));
                }
              }
              return known;
            });
  }

  private static SessionTerms terms(List<?> fields) {
    List<String> texts = fields.stream().map(RedisServer::text).toList();
    return new SessionTerms(
        Duration.ofMillis(Long.parseLong(texts.get(0))),
        texts.get(1),
        texts.get(2),
        Long.parseLong(texts.get(3)));
  }

  CompletionStage<Void> publish(long session, byte[] report) {
    return server
        .run(Script.PUBLISH, List.of(keys.session(session)), List.of(report))
        .thenApply(done -> null);
  }

  CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    List<Long> sessions = List.copyOf(Set.copyOf(asked));
    return ofEach(Script.PUBLISHED, sessions)
        .thenApply(
            answer -> {
              Map<Long, byte[]> reports = new HashMap<>();
              for (int i = 0; i < sessions.size(); i++) {
                byte[] report = (byte[]) answer.get(i);
                if (report != null) {
                  reports.put(sessions.get(i), report);
                }
              }
              return reports;
            });
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
