package io.holdfast.sim;

import io.holdfast.engine.SessionTerms;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The sessions of a {@link StoreServer}: how long they live, and how they are woken. */
final class StoreSessions {

  private static final long SECOND = 1_000_000_000L;

  private static final class Session {
    private final SessionTerms terms;
    private final Machine client;
    private final int life;
    private final long lateness;
    private final Consumer<String> onWake;
    private long until;
    private long deafUntil;
    private boolean dead;
    private byte @Nullable [] report;

    Session(SessionTerms terms, Machine client, long lateness, Consumer<String> onWake) {
      this.terms = terms;
      this.client = client;
      this.life = client.life();
      this.lateness = lateness;
      this.onWake = onWake;
    }
  }

  private final Machine server;
  private final Network network;
  private final Coverage coverage;
  private final StoreProfile profile;
  private final double lostWakes;
  private final Map<Long, Session> sessions = new TreeMap<>();
  private long last;

  StoreSessions(World world, Machine server, Network network) {
    this.server = server;
    this.network = network;
    this.coverage = world.coverage();
    this.profile = world.store();
    this.lostWakes = world.plan().lostWakes();
  }

  long open(SessionTerms terms, Machine client, Consumer<String> onWake) {
    long lateness = server.simulator().between(0, profile.lateness());
    Session session = new Session(terms, client, lateness, onWake);
    session.until = server.nanoTime() + terms.ttl().toNanos();
    session.deafUntil = server.nanoTime();
    sessions.put(++last, session);
    return last;
  }

  /** False if it is gone for good. */
  boolean renew(long id) {
    Session session = sessions.get(id);
    if (session == null || !isAlive(id)) {
      return false;
    }
    session.until = server.nanoTime() + session.terms.ttl().toNanos();
    return true;
  }

  /** Who is found dead stays dead. */
  boolean isAlive(long id) {
    Session session = sessions.get(id);
    if (session == null) {
      return false;
    }
    if (!session.dead && server.nanoTime() - session.until > session.lateness) {
      coverage.count("store: session expired");
      session.dead = true;
    }
    if (!session.dead && profile.seesCrashes() && session.client.life() != session.life) {
      coverage.count("store: a crash was seen");
      session.dead = true;
    }
    return !session.dead;
  }

  void end(long id) {
    Session session = sessions.get(id);
    if (session != null) {
      session.dead = true;
    }
  }

  Set<Long> dead(Collection<Long> asked) {
    Set<Long> dead = new HashSet<>();
    asked.stream().filter(id -> !isAlive(id)).forEach(dead::add);
    return dead;
  }

  Map<Long, SessionTerms> terms(Collection<Long> asked) {
    Map<Long, SessionTerms> terms = new HashMap<>();
    for (Long id : asked) {
      Session session = sessions.get(id);
      if (session != null && (isAlive(id) || !profile.forgetsTheDead())) {
        terms.put(id, session.terms);
      }
    }
    return terms;
  }

  void publish(long id, byte[] report) {
    Session session = sessions.get(id);
    if (session != null && isAlive(id)) {
      session.report = report.clone();
    }
  }

  Map<Long, byte[]> reports(Collection<Long> asked) {
    Map<Long, byte[]> reports = new HashMap<>();
    for (Long id : asked) {
      Session session = sessions.get(id);
      byte[] report = session == null || !isAlive(id) ? null : session.report;
      if (report != null) {
        reports.put(id, report);
      }
    }
    return reports;
  }

  void wake(Collection<Long> woken, String name) {
    for (Long id : new TreeSet<>(woken)) {
      Session session = sessions.get(id);
      if (session == null
          || server.nanoTime() - session.deafUntil < 0
          || server.simulator().chance(lostWakes)) {
        coverage.count("fault: wake-up lost");
      } else if (session.client.life() == session.life) {
        Network.Link link = new Network.Link(server, session.client);
        network.send(link, "wake", () -> session.onWake.accept(name), 0);
      }
    }
  }

  /** All connections break, and nobody is woken before he has another one. */
  void disconnect() {
    for (Session session : sessions.values()) {
      session.deafUntil = server.nanoTime() + server.simulator().between(0, 2 * SECOND);
    }
  }

  /** Everybody who lives gets his full TTL again. */
  void renewAll() {
    for (Map.Entry<Long, Session> entry : sessions.entrySet()) {
      if (isAlive(entry.getKey())) {
        Session session = entry.getValue();
        session.until = server.nanoTime() + session.terms.ttl().toNanos();
      }
    }
  }

  /** The clock by which sessions end jumps. */
  void jump(long nanos) {
    sessions.values().forEach(session -> session.until -= nanos);
  }

  /** What the sessions are now, to come back to it. */
  Runnable snapshot() {
    long lastThen = last;
    Map<Long, Long> ends = new HashMap<>();
    Map<Long, byte[]> reports = new HashMap<>();
    for (Map.Entry<Long, Session> entry : sessions.entrySet()) {
      if (!entry.getValue().dead) {
        ends.put(entry.getKey(), entry.getValue().until);
      }
      byte[] report = entry.getValue().report;
      if (report != null) {
        reports.put(entry.getKey(), report);
      }
    }
    return () -> {
      sessions.keySet().removeIf(id -> id > lastThen);
      sessions.forEach(
          (id, session) -> {
            session.dead = !ends.containsKey(id);
            session.until = ends.getOrDefault(id, session.until);
            session.report = reports.get(id);
          });
    };
  }
}
