package io.holdfast.redis;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.net.URI;

/**
 * Locks in Redis (6 or newer) or Valkey.
 *
 * <ul>
 *   <li>{@code redis://[user:password@]host[:6379][/database]}: one server
 *   <li>{@code redis-sentinel://host1[:26379],host2,host3/0?master=mymaster}: the primary that the
 *       sentinels name
 *   <li>{@code redis-cluster://host1[:6379],host2}: the cluster node that serves the space
 *   <li>{@code rediss://}, {@code rediss-sentinel://}, {@code rediss-cluster://}: the same with TLS
 * </ul>
 *
 * <p>Parameters: {@code clientName}, {@code database}, {@code verifyPeer} ({@code FULL}, {@code
 * CA}, {@code NONE}), {@code sentinelUser}, {@code sentinelPassword}; {@code waitReplicas} (0 to
 * 99: how many replicas must have a change before it counts) with {@code waitTimeout} ({@code 1ms}
 * to {@code 3s}, default {@code 1s}); {@code allowEviction=true} accepts a server that may evict
 * locks.
 */
public final class RedisEngine {

  private RedisEngine() {}

  /**
   * Connects.
   *
   * @param uri as above
   * @param space the namespace of locks on the server
   * @param environment clocks, scheduler and chance; owned and closed by the caller
   * @throws IllegalArgumentException if the URI is malformed; the message shows right ones
   * @throws io.holdfast.EngineUnavailableException if the server cannot be used; the message says
   *     what to check
   */
  public static Engine open(URI uri, String space, Environment environment) {
    RedisLocation location = RedisLocation.parse(uri);
    return new StoreEngine(RedisRecordStore.open(location, space, environment), environment);
  }
}
