package io.holdfast.redis;

import io.holdfast.fence.StaleTokenException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisScriptingCommands;

/**
 * The rule of fencing for data in Redis: the server remembers the largest token seen for a key,
 * refuses smaller ones and accepts equal ones. The check and the write are one step in the server,
 * so it holds for the writers of all processes. Thread-safe.
 *
 * <pre>{@code
 * RedisFence fence = new RedisFence(connection.sync());
 * try (Hold hold = locks.lock("stock/42").acquire()) {
 *   fence.set("stock:42", "17", hold.token());
 * }
 * }</pre>
 *
 * <p>The token is kept in a key of its own, {@code KEY:fence}, in the same slot of a cluster; it
 * must live as long as the data. A server that evicts keys, or loses writes in a failover, forgets
 * tokens with the data that they guard.
 *
 * <p>Other clients of Redis, and writes of more than one key, run {@link #script()} themselves.
 */
public final class RedisFence {

  private final RedisScriptingCommands<String, String> redis;

  /**
   * A fence for all keys of a server.
   *
   * @param redis commands of a connection that stays the caller's; UTF-8 strings
   */
  public RedisFence(RedisScriptingCommands<String, String> redis) {
    this.redis = redis;
  }

  /**
   * The script. {@code KEYS[1]} is the {@linkplain #fenceOf key of the fence}, {@code ARGV[1]} the
   * token; with {@code KEYS[2]} and {@code ARGV[2]} it sets that key to that value. It returns an
   * empty string, or the largest token seen if that is larger: then it has written nothing.
   */
  public static String script() {
    return Script.FENCE.text();
  }

  /**
   * The key under which the largest token is remembered, in the same slot as the data.
   *
   * @param key of the data
   */
  public static String fenceOf(String key) {
    int open = key.indexOf('{');
    boolean tagged = open >= 0 && key.indexOf('}', open) > open + 1;
    return (tagged ? key : "{" + key + "}") + ":fence";
  }

  /**
   * Whether a token is not stale; the server remembers it if so. For a write that is not in Redis
   * and comes right after: only {@link #set} does both in one step.
   *
   * @param key what is guarded
   * @param token positive, from {@code Hold.token()}
   */
  public boolean admits(String key, long token) {
    return run(token, new String[] {fenceOf(key)}, Long.toString(token)).isEmpty();
  }

  /**
   * Sets a key, unless the token is stale.
   *
   * @param token positive, from {@code Hold.token()}
   * @throws StaleTokenException if a larger token was seen before; nothing was written
   */
  public void set(String key, String value, long token) {
    String highest = run(token, new String[] {fenceOf(key), key}, Long.toString(token), value);
    if (!highest.isEmpty()) {
      throw new StaleTokenException(token, Long.parseLong(highest));
    }
  }

  private String run(long token, String[] keys, String... arguments) {
    if (token <= 0) {
      throw new IllegalArgumentException(
          "a token is positive, not " + token + "; take it from Hold.token()");
    }
    try {
      return redis.evalsha(Script.FENCE.sha1(), ScriptOutputType.VALUE, keys, arguments);
    } catch (RedisNoScriptException unknownYet) {
      return redis.eval(Script.FENCE.text(), ScriptOutputType.VALUE, keys, arguments);
    }
  }
}
