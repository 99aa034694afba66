package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a server says of itself: the answer to {@code INFO}.
 *
 * @param facts empty if it does not tell
 */
record ServerReport(Map<String, String> facts) {

  /** The server does not tell. */
  static final ServerReport UNKNOWN = new ServerReport(Map.of());

  private static final int OLDEST = 6;

  /** Takes an unmodifiable copy. */
  ServerReport {
    facts = Map.copyOf(facts);
  }

  static ServerReport parse(String text) {
    Map<String, String> facts = new HashMap<>();
    for (String line : text.split("\r?\n", -1)) {
      int colon = line.indexOf(':');
      if (colon > 0 && !line.startsWith("#")) {
        facts.put(line.substring(0, colon), line.substring(colon + 1).trim());
      }
    }
    return new ServerReport(facts);
  }

  private String fact(String name) {
    return facts.getOrDefault(name, "");
  }

  boolean known() {
    return !facts.isEmpty();
  }

  /** Names the process; another one, or a restarted one, has another. Empty if it is unknown. */
  String process() {
    return fact("run_id");
  }

  /** Whether keys may be evicted. */
  boolean evicts() {
    String policy = fact("maxmemory_policy");
    return !policy.isEmpty() && !policy.equals("noeviction") && !fact("maxmemory").equals("0");
  }

  int replicas() {
    String count = fact("connected_slaves");
    return count.isEmpty() ? 0 : Integer.parseInt(count);
  }

  /**
   * Refuses a server that cannot keep locks.
   *
   * @throws EngineUnavailableException with the reason and the remedy
   */
  void require(RedisLocation location, String where) {
    if (!known()) {
      return;
    }
    boolean cluster = fact("cluster_enabled").equals("1");
    if (cluster != (location.kind() == RedisLocation.Kind.CLUSTER)) {
      throw new EngineUnavailableException(
          cluster
              ? where + " is a node of a cluster; use redis-cluster:// with some of its nodes"
              : where + " is no node of a cluster; use redis:// or redis-sentinel://");
    }
    if (!fact("role").equals("master")) {
      throw new EngineUnavailableException(
          where + " is a replica at present; give the primary's address, or use redis-sentinel://");
    }
    String version = fact("redis_version");
    if (version.matches("\\d+\\..*") && major(version) < OLDEST) {
      throw new EngineUnavailableException(
          where + " is Redis " + version + "; use Redis 6 or newer, or Valkey");
    }
    if (evicts() && !location.options().allowEviction()) {
      throw new EngineUnavailableException(
          where
              + " evicts keys when its memory is full (maxmemory-policy "
              + fact("maxmemory_policy")
              + "), and a lock that is evicted is free while somebody holds it; set maxmemory-policy"
              + " to noeviction or maxmemory to 0, or accept it with ?allowEviction=true");
    }
  }

  private static int major(String version) {
    return Integer.parseInt(version.substring(0, version.indexOf('.')));
  }

  /**
   * What there is to say about the settings.
   *
   * @param settings the answer to {@code CONFIG GET}; empty if it is forbidden
   */
  List<Finding> findings(RedisLocation.Options options, Map<String, String> settings) {
    List<Finding> findings = new ArrayList<>();
    if (!known()) {
      findings.add(
          new Finding(
              Level.UNSAFE,
              "INFO",
              "this user may not ask for it, so neither eviction nor a failover that loses writes"
                  + " is noticed: allow it with ACL SETUSER … +info"));
      return findings;
    }
    findings.add(new Finding(Level.FINE, "server", software()));
    findings.add(eviction());
    findings.add(persistence(settings));
    findings.add(replication(options, settings));
    return findings;
  }

  private String software() {
    String valkey = fact("valkey_version");
    return valkey.isEmpty() ? "Redis " + fact("redis_version") : "Valkey " + valkey;
  }

  private Finding eviction() {
    String policy = fact("maxmemory_policy");
    if (policy.isEmpty()) {
      return new Finding(
          Level.UNKNOWN, "maxmemory-policy", "the server does not tell; it must be noeviction");
    }
    return evicts()
        ? new Finding(
            Level.UNSAFE,
            "maxmemory-policy",
            policy + " evicts locks while they are held: set it to noeviction, or maxmemory to 0")
        : new Finding(Level.FINE, "maxmemory-policy", policy + ", maxmemory " + fact("maxmemory"));
  }

  private Finding persistence(Map<String, String> settings) {
    boolean log = fact("aof_enabled").equals("1");
    if (log && "always".equals(settings.get("appendfsync"))) {
      return new Finding(Level.FINE, "persistence", "every write is on disk before it is answered");
    }
    if (log) {
      return new Finding(
          Level.WARNING,
          "persistence",
          "append-only file, appendfsync "
              + settings.getOrDefault("appendfsync", "unknown")
              + ": a crash may lose the last second; who held locks then is told, and tokens go on"
              + " growing");
    }
    String save = settings.get("save");
    if (save == null) {
      return new Finding(
          Level.UNKNOWN,
          "persistence",
          "no append-only file, and CONFIG GET is not allowed: what a restart loses is unknown");
    }
    return new Finding(
        Level.WARNING,
        "persistence",
        (save.isEmpty() ? "none: a restart loses" : "snapshots (save " + save + "): a crash loses")
            + (save.isEmpty() ? " all locks" : " the locks since the last one")
            + "; who held them is told, and tokens go on growing. Set appendonly to yes to keep"
            + " them");
  }

  private Finding replication(RedisLocation.Options options, Map<String, String> settings) {
    int wanted = options.waitReplicas();
    String least = settings.getOrDefault("min-replicas-to-write", "unknown");
    String text =
        replicas() + " replicas connected, min-replicas-to-write " + least + ", waitReplicas ";
    if (wanted > replicas()) {
      return new Finding(
          Level.UNSAFE,
          "replication",
          text + wanted + ": no change will be confirmed; start replicas, or lower waitReplicas");
    }
    if (replicas() > 0 && wanted == 0) {
      return new Finding(
          Level.WARNING,
          "replication",
          text
              + "0: a failover may lose the last writes; who knew of them is told at the next"
              + " renewal. Use ?waitReplicas=1 to have them confirmed first");
    }
    return new Finding(Level.FINE, "replication", text + wanted);
  }
}
