package io.holdfast.zookeeper;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.zookeeper.Sightings.Sighting;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Sessions: one ephemeral znode each. Thread-safe. */
final class Sessions {

  // A session's number is a zxid, drawn by a write for it alone, and its node is named after it.
  // The node is made once, by the store that drew the number, and before anybody hears of the
  // number. So "the node is there" means alive, and "there is no such node" dead for good: nobody
  // will ever make it again. No czxid has to be compared, and others find the node without an
  // index.
  //
  // Three things end a session that is not closed:
  //   * ZooKeeper, when the process is gone or cut off: the node is ephemeral, and the ZooKeeper
  //     session was asked for the TTL and a tenth. The tenth makes up for what a leader may not
  //     have heard of a session when the follower that served it dies: half a tick.
  //   * its own store, when the process lives but asks for no renewal for a TTL (OwnSession).
  //   * whoever has seen it without a renewal for a TTL (Sightings): the node is deleted on
  //     condition that its version is still the one that was seen, so a renewal that comes first
  //     wins.
  // All three judge by monotonic clocks. The time stamps of znodes are the leader's wall clock,
  // and nothing is decided by them.
  //
  // A read may come from a server that is behind. "It is there" does no harm then: the next look
  // will tell. "It is not there" would be a death sentence, so it is proved by a write that cannot
  // succeed: the quorum answers it with NoNode, or with BadVersion if the node is there.

  private static final byte[] EMPTY = {};

  /** No node ever has this version. */
  private static final int IMPOSSIBLE = Integer.MIN_VALUE;

  private final Connections connections;
  private final Layout layout;
  private final Environment environment;
  private final Sightings sightings = new Sightings();
  private final ConcurrentMap<Long, OwnSession> own = new ConcurrentHashMap<>();

  Sessions(Connections connections, Layout layout, Environment environment) {
    this.connections = connections;
    this.layout = layout;
    this.environment = environment;
  }

  /** How long the ZooKeeper session of a session with a TTL must be. */
  static Duration timeout(Duration ttl) {
    return ttl.plus(ttl.dividedBy(10));
  }

  CompletionStage<Long> open(SessionTerms terms, Consumer<String> onWake) {
    Connection connection = connections.of(timeout(terms.ttl()));
    return connection
        .connected()
        .thenCompose(
            wire -> {
              requireTimeout(wire, terms.ttl());
              return draw(wire)
                  .thenCompose(
                      number -> {
                        OwnSession.Link link = new OwnSession.Link(connection, wire, environment);
                        return open(new OwnSession(number, layout, link, terms, onWake));
                      });
            });
  }

  private CompletionStage<Long> open(OwnSession session) {
    own.put(session.id(), session);
    return session
        .open()
        .whenComplete(
            (id, failure) -> {
              if (failure != null) {
                // The node may be there all the same.
                close(session.id());
              }
            });
  }

  private void requireTimeout(Wire wire, Duration ttl) {
    long granted = wire.sessionTimeoutMillis();
    if (granted < ttl.toMillis()) {
      throw new EngineUnavailableException(
          connections
              + " grants sessions of at most "
              + granted
              + " ms, and a TTL of "
              + ttl.toMillis()
              + " ms cannot be kept with that; raise the servers' maxSessionTimeout above it, or"
              + " choose a TTL of at most "
              + granted
              + " ms");
    }
    if (granted > timeout(ttl).toMillis()) {
      connections.sayOnce(
          connections
              + " grants sessions of at least "
              + granted
              + " ms, more than the TTL of "
              + ttl.toMillis()
              + " ms: the locks of a killed process may be freed that late where nobody waited for"
              + " them; lower tickTime or minSessionTimeout, or choose a longer TTL");
    }
  }

  /** Draws a number that is drawn only once; makes the directories if somebody deleted them. */
  private CompletionStage<Long> draw(Wire wire) {
    return wire.set(layout.sessions(), EMPTY, -1)
        .thenCompose(
            drawn ->
                drawn.absent()
                    ? Directories.make(wire, layout)
                        .thenCompose(made -> wire.set(layout.sessions(), EMPTY, -1))
                    : CompletableFuture.completedFuture(drawn))
        .thenApply(drawn -> number(drawn, layout.sessions()));
  }

  static long number(Wire.Answer drawn, String path) {
    if (drawn.stat() == null) {
      throw Failures.unavailable(path, drawn.code());
    }
    return Zxid.version(drawn.stat().getMzxid());
  }

  CompletionStage<Boolean> renew(long session) {
    OwnSession known = own.get(session);
    if (known == null) {
      return CompletableFuture.completedFuture(false);
    }
    return known
        .renew()
        .thenApply(
            lives -> {
              if (!lives) {
                close(session);
              }
              return lives;
            });
  }

  CompletionStage<Void> publish(long session, byte[] report) {
    OwnSession known = own.get(session);
    return known == null ? CompletableFuture.completedFuture(null) : known.publish(report);
  }

  CompletionStage<Void> close(long session) {
    OwnSession known = own.remove(session);
    return known == null ? CompletableFuture.completedFuture(null) : known.end();
  }

  CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    Wire wire = connections.main().wire();
    Set<Long> dead = new HashSet<>();
    CompletableFuture<Set<Long>> all = CompletableFuture.completedFuture(dead);
    for (long session : Set.copyOf(asked)) {
      all =
          all.thenCombine(
              isDead(wire, session),
              (found, gone) -> {
                if (gone) {
                  found.add(session);
                }
                return found;
              });
    }
    return all;
  }

  private CompletableFuture<Boolean> isDead(Wire wire, long session) {
    long sent = environment.ticker().nanoTime();
    if (sightings.knownDead(session)) {
      return CompletableFuture.completedFuture(true);
    }
    if (sightings.aliveJustNow(session, sent)) {
      return CompletableFuture.completedFuture(false);
    }
    return wire.get(layout.session(session))
        .thenCompose(
            found -> {
              if (found.bytes() == null || found.stat() == null) {
                return proveAbsent(wire, session);
              }
              long ttlNanos = SessionNode.decode(found.bytes()).terms().ttl().toNanos();
              int version = found.stat().getVersion();
              long answered = environment.ticker().nanoTime();
              return sightings.unrenewed(session, new Sighting(version, answered, sent, ttlNanos))
                  ? bury(wire, session, version)
                  : CompletableFuture.completedFuture(false);
            });
  }

  private CompletableFuture<Boolean> proveAbsent(Wire wire, long session) {
    return wire.set(layout.session(session), EMPTY, IMPOSSIBLE)
        .thenApply(answer -> remember(session, answer.absent()));
  }

  private CompletableFuture<Boolean> bury(Wire wire, long session, int version) {
    return wire.delete(layout.session(session), version)
        .thenApply(answer -> remember(session, answer.ok() || answer.absent()));
  }

  private boolean remember(long session, boolean dead) {
    if (dead) {
      sightings.bury(session);
    }
    return dead;
  }

  CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    Wire wire = connections.main().wire();
    CompletableFuture<Wire.Answer> synced = wire.sync(layout.sessions());
    return nodes(wire, asked, SessionNode::terms).thenCombine(synced, (known, ready) -> known);
  }

  /**
   * The reads follow a write that cannot succeed, through which the quorum has answered. A sync
   * would do unless the leader is cut off, but a deadlock is broken on the strength of this.
   */
  CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    Wire wire = connections.main().wire();
    CompletableFuture<Wire.Answer> now = wire.set(layout.sessions(), EMPTY, IMPOSSIBLE);
    return nodes(wire, asked, SessionNode::report).thenCombine(now, (known, ready) -> known);
  }

  /** What there is to know of a session's node. */
  @FunctionalInterface
  private interface Part<T> {

    @Nullable T of(SessionNode node);
  }

  private <T> CompletableFuture<Map<Long, T>> nodes(
      Wire wire, Collection<Long> asked, Part<T> part) {
    CompletableFuture<Map<Long, T>> all = CompletableFuture.completedFuture(new HashMap<>());
    for (long session : Set.copyOf(asked)) {
      all =
          all.thenCombine(
              wire.get(layout.session(session)),
              (known, found) -> {
                byte[] bytes = found.bytes();
                T value = bytes == null ? null : part.of(SessionNode.decode(bytes));
                if (value != null) {
                  known.put(session, value);
                }
                return known;
              });
    }
    return all;
  }

  /** Ends all sessions that were opened here. Their connections are closed next. */
  void close() {
    own.keySet().forEach(this::close);
  }
}
