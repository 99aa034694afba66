package io.holdfast.zookeeper;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.apache.zookeeper.common.PathUtils;
import org.jspecify.annotations.Nullable;

/**
 * Where an ensemble is and how to speak to it.
 *
 * @param servers {@code host:port}, with commas between
 * @param chroot empty, or the path below which everything is kept
 * @param options what stands behind the question mark, decoded
 */
record Location(String servers, String chroot, Map<String, String> options) {

  static final String AUTH = "auth";
  static final String TLS = "tls";
  static final String KEY_STORE = "keyStore";
  static final String KEY_STORE_PASSWORD = "keyStorePassword";
  static final String TRUST_STORE = "trustStore";
  static final String TRUST_STORE_PASSWORD = "trustStorePassword";

  private static final Set<String> OPTIONS =
      Set.of(AUTH, TLS, KEY_STORE, KEY_STORE_PASSWORD, TRUST_STORE, TRUST_STORE_PASSWORD);
  private static final int DEFAULT_PORT = 2181;
  private static final Pattern SERVER =
      Pattern.compile("(\\[[0-9a-fA-F:.]+]|[^:\\[\\]@]+)(:\\d+)?");
  private static final String EXAMPLES =
      "write zookeeper://zk1:2181,zk2:2181,zk3:2181 or zookeeper://zk1,zk2,zk3/locks?auth="
          + "digest:USER:PASSWORD";

  /**
   * Reads a URI.
   *
   * @throws IllegalArgumentException if it is malformed; the message shows right ones and no secret
   */
  static Location parse(URI uri) {
    String authority = uri.getRawAuthority();
    if (authority == null || authority.isEmpty()) {
      throw malformed("names no server", null);
    }
    if (authority.contains("@")) {
      throw malformed("has a user before the servers; credentials go into ?auth=", null);
    }
    if (uri.getRawFragment() != null) {
      throw malformed("has a '#', which means nothing here", null);
    }
    List<String> servers = new ArrayList<>();
    for (String server : authority.split(",", -1)) {
      if (!SERVER.matcher(server).matches()) {
        throw malformed("has a server \"" + server + "\" that is no HOST or HOST:PORT", null);
      }
      servers.add(server.matches(".*:\\d+") ? server : server + ":" + DEFAULT_PORT);
    }
    return new Location(String.join(",", servers), chroot(uri), options(uri.getRawQuery()));
  }

  private static String chroot(URI uri) {
    String path = uri.getPath() == null ? "" : uri.getPath();
    if (path.isEmpty() || path.equals("/")) {
      return "";
    }
    try {
      PathUtils.validatePath(path);
    } catch (IllegalArgumentException impossible) {
      throw malformed("has a path that no znode can have", impossible);
    }
    return path;
  }

  private static Map<String, String> options(@Nullable String query) {
    Map<String, String> options = new LinkedHashMap<>();
    if (query == null || query.isEmpty()) {
      return options;
    }
    for (String option : query.split("&", -1)) {
      int equals = option.indexOf('=');
      String key = equals < 0 ? option : option.substring(0, equals);
      if (!OPTIONS.contains(key)) {
        throw malformed(
            "has an option \""
                + key
                + "\" that nobody knows; there are "
                + String.join(", ", OPTIONS.stream().sorted().toList()),
            null);
      }
      try {
        // In a query a plus is a plus: only percent signs are decoded.
        String value = equals < 0 ? "true" : option.substring(equals + 1).replace("+", "%2B");
        options.put(key, URLDecoder.decode(value, StandardCharsets.UTF_8));
      } catch (IllegalArgumentException undecodable) {
        throw malformed("has an option \"" + key + "\" with a broken %XX", null);
      }
    }
    check(options);
    return options;
  }

  private static void check(Map<String, String> options) {
    String auth = options.get(AUTH);
    if (auth != null && auth.indexOf(':') < 1) {
      throw malformed("has an auth that is not SCHEME:CREDENTIALS", null);
    }
    String tls = options.getOrDefault(TLS, "false");
    if (!tls.equals("true") && !tls.equals("false")) {
      throw malformed("has a tls that is neither true nor false", null);
    }
    boolean stores = options.containsKey(KEY_STORE) || options.containsKey(TRUST_STORE);
    if (stores && tls.equals("false")) {
      throw malformed("has a keyStore or trustStore without tls=true", null);
    }
  }

  private static IllegalArgumentException malformed(
      String why, @Nullable IllegalArgumentException cause) {
    return new IllegalArgumentException("the engine URI " + why + "; " + EXAMPLES, cause);
  }

  boolean tls() {
    return "true".equals(options.get(TLS));
  }

  /** For example {@code digest}. */
  Optional<String> authScheme() {
    return Optional.ofNullable(options.get(AUTH)).map(a -> a.substring(0, a.indexOf(':')));
  }

  /** What the scheme takes, for example {@code user:password}. */
  Optional<String> credentials() {
    return Optional.ofNullable(options.get(AUTH)).map(a -> a.substring(a.indexOf(':') + 1));
  }

  /** Without options, and so without secrets. */
  @Override
  public String toString() {
    return at(chroot);
  }

  /** A path on these servers, for people. */
  String at(String path) {
    return "zookeeper://" + servers + path;
  }
}
