package io.holdfast.redis;

import io.lettuce.core.RedisURI;
import io.lettuce.core.SslVerifyMode;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the server is, and how to talk to it: what a URI says.
 *
 * @param kind how the server that keeps the locks is found
 * @param seeds one address, or those of several sentinels or cluster nodes
 * @param template everything but the address: TLS, user, password, database, client name
 * @param sentinels user and password for the sentinels, and the name of the primary
 * @param options of Holdfast
 */
record RedisLocation(
    Kind kind, List<Address> seeds, RedisURI template, Sentinels sentinels, Options options) {

  private static final String EXAMPLES =
      "write redis://[user:password@]host[:6379][/database],"
          + " redis-sentinel://host1[:26379],host2,host3/0?master=mymaster or"
          + " redis-cluster://host1[:6379],host2 (with TLS rediss://, rediss-sentinel://,"
          + " rediss-cluster://)";

  private static final int REDIS_PORT = 6379;
  private static final int SENTINEL_PORT = 26379;

  private static final Set<String> PARAMETERS =
      Set.of(
          "database",
          "clientName",
          "verifyPeer",
          "master",
          "sentinelUser",
          "sentinelPassword",
          "waitReplicas",
          "waitTimeout",
          "allowEviction");

  private static final Pattern HOST =
      Pattern.compile("(\\[[^\\]]+\\]|[^:\\[\\]]+)(?::(\\d{1,5}))?");
  private static final Pattern TIME = Pattern.compile("(\\d{1,6})(ms|s)");

  /** How long to wait for replicas at most: less than the silence after which a server is dead. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(3);

  /** How the server that keeps the locks is found. */
  enum Kind {
    STANDALONE("redis"),
    SENTINEL("redis-sentinel"),
    CLUSTER("redis-cluster");

    private final String scheme;

    Kind(String scheme) {
      this.scheme = scheme;
    }
  }

  /** A host and a port. */
  record Address(String host, int port) {
    @Override
    public String toString() {
      return host.contains(":") ? "[" + host + "]:" + port : host + ":" + port;
    }
  }

  /** What is needed to ask sentinels. */
  record Sentinels(String master, @Nullable String user, @Nullable String password) {}

  /**
   * Options of Holdfast.
   *
   * @param waitReplicas how many replicas must have a change before it counts, 0 for none
   * @param waitTimeout how long to wait for them
   * @param allowEviction whether a server that evicts keys is accepted
   */
  record Options(int waitReplicas, Duration waitTimeout, boolean allowEviction) {}

  /** The schemes. */
  static Set<String> schemes() {
    return Set.of(
        "redis", "rediss", "redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster");
  }

  /**
   * Reads a URI.
   *
   * @throws IllegalArgumentException if it is malformed; the message shows right ones, and never a
   *     password
   */
  static RedisLocation parse(URI uri) {
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    boolean tls = scheme.startsWith("rediss");
    Kind kind = kind(tls ? "redis" + scheme.substring("rediss".length()) : scheme);
    String authority = uri.getRawAuthority();
    if (authority == null) {
      throw malformed("it names no host");
    }
    int at = authority.lastIndexOf('@');
    Map<String, String> parameters = parameters(uri.getRawQuery());
    List<Address> seeds = seeds(kind, decode(authority.substring(at + 1)));
    RedisURI template = template(tls, parameters);
    if (at >= 0) {
      authenticate(template, authority.substring(0, at));
    }
    int database = database(uri, parameters);
    if (kind == Kind.CLUSTER && database != 0) {
      throw malformed("a cluster has database 0 only");
    }
    template.setDatabase(database);
    return new RedisLocation(
        kind, seeds, template, sentinels(kind, uri, parameters), options(parameters));
  }

  /** The URI of one server, for Lettuce. */
  RedisURI at(Address address) {
    RedisURI.Builder builder =
        RedisURI.builder(template).withHost(address.host()).withPort(address.port());
    return builder.build();
  }

  /**
   * The URI with which Lettuce asks the sentinels for the primary.
   *
   * @param first which of them to ask first, counted round and round
   */
  RedisURI throughSentinels(int first) {
    RedisURI target = RedisURI.builder(template).build();
    target.setSentinelMasterId(sentinels.master());
    List<Address> turned = new ArrayList<>(seeds);
    Collections.rotate(turned, -first);
    for (Address seed : turned) {
      RedisURI sentinel = RedisURI.create(seed.host(), seed.port());
      sentinel.setSsl(template.isSsl());
      sentinel.setVerifyPeer(template.getVerifyMode());
      sentinel.setTimeout(template.getTimeout());
      String password = sentinels.password();
      if (password != null) {
        RedisURI source = authentication(sentinels.user(), password);
        sentinel.setCredentialsProvider(source.getCredentialsProvider());
      }
      target.getSentinels().add(sentinel);
    }
    return target;
  }

  /** For people: where it is, without secrets. */
  String display() {
    StringBuilder text = new StringBuilder(kind.scheme);
    if (template.isSsl()) {
      text.insert("redis".length(), 's');
    }
    text.append("://").append(String.join(",", seeds.stream().map(Address::toString).toList()));
    if (kind != Kind.CLUSTER) {
      text.append('/').append(template.getDatabase());
    }
    if (kind == Kind.SENTINEL) {
      text.append("?master=").append(sentinels.master());
    }
    return text.toString();
  }

  private static Kind kind(String scheme) {
    for (Kind kind : Kind.values()) {
      if (kind.scheme.equals(scheme)) {
        return kind;
      }
    }
    throw malformed("its scheme is unknown");
  }

  private static List<Address> seeds(Kind kind, String hosts) {
    List<Address> seeds = new ArrayList<>();
    for (String host : hosts.split(",", -1)) {
      Matcher parts = HOST.matcher(host);
      if (!parts.matches()) {
        throw malformed("\"" + host + "\" is no host");
      }
      String name = parts.group(1).replaceAll("[\\[\\]]", "");
      String port = parts.group(2);
      int fallback = kind == Kind.SENTINEL ? SENTINEL_PORT : REDIS_PORT;
      seeds.add(new Address(name, port == null ? fallback : Integer.parseInt(port)));
    }
    if (kind == Kind.STANDALONE && seeds.size() > 1) {
      throw malformed("it names several hosts, which only sentinels and clusters have");
    }
    return List.copyOf(seeds);
  }

  private static RedisURI template(boolean tls, Map<String, String> parameters) {
    RedisURI template = RedisURI.create("localhost", REDIS_PORT);
    template.setTimeout(LettuceClient.CONNECT_LIMIT);
    template.setSsl(tls);
    template.setClientName(parameters.getOrDefault("clientName", "holdfast"));
    String verify = parameters.getOrDefault("verifyPeer", "FULL").toUpperCase(Locale.ROOT);
    try {
      template.setVerifyPeer(SslVerifyMode.valueOf(verify));
    } catch (IllegalArgumentException unknown) {
      throw malformed("verifyPeer is FULL, CA or NONE");
    }
    return template;
  }

  private static void authenticate(RedisURI template, String credentials) {
    int colon = credentials.indexOf(':');
    String user = colon > 0 ? decode(credentials.substring(0, colon)) : null;
    RedisURI source = authentication(user, decode(credentials.substring(colon + 1)));
    template.setCredentialsProvider(source.getCredentialsProvider());
  }

  private static RedisURI authentication(@Nullable String user, String password) {
    RedisURI.Builder builder = RedisURI.builder().withHost("localhost");
    return user == null
        ? builder.withPassword((CharSequence) password).build()
        : builder.withAuthentication(user, (CharSequence) password).build();
  }

  private static int database(URI uri, Map<String, String> parameters) {
    String path = uri.getPath() == null ? "" : uri.getPath();
    int hash = path.indexOf('#');
    String text = (hash < 0 ? path : path.substring(0, hash)).replaceFirst("^/", "");
    if (text.isEmpty()) {
      text = parameters.getOrDefault("database", "0");
    }
    if (!text.matches("\\d{1,9}")) {
      throw malformed("\"" + text + "\" is no database number");
    }
    return Integer.parseInt(text);
  }

  private static Sentinels sentinels(Kind kind, URI uri, Map<String, String> parameters) {
    // Lettuce and others write the name of the primary as the fragment.
    String path = uri.getPath() == null ? "" : uri.getPath();
    String fragment =
        uri.getFragment() != null ? uri.getFragment() : path.replaceFirst("^[^#]*#?", "");
    String master = parameters.getOrDefault("master", fragment);
    if (kind == Kind.SENTINEL && master.isEmpty()) {
      throw malformed("the name of the primary is missing (?master=…)");
    }
    return new Sentinels(
        master, parameters.get("sentinelUser"), parameters.get("sentinelPassword"));
  }

  private static Options options(Map<String, String> parameters) {
    String replicas = parameters.getOrDefault("waitReplicas", "0");
    if (!replicas.matches("\\d{1,2}")) {
      throw malformed("waitReplicas is a number of replicas from 0 to 99");
    }
    Matcher time = TIME.matcher(parameters.getOrDefault("waitTimeout", "1s"));
    Duration wait = Duration.ZERO;
    if (time.matches()) {
      long number = Long.parseLong(time.group(1));
      wait = time.group(2).equals("s") ? Duration.ofSeconds(number) : Duration.ofMillis(number);
    }
    if (wait.isZero() || wait.compareTo(LONGEST_WAIT) > 0) {
      throw malformed("waitTimeout is 1ms to " + LONGEST_WAIT.toSeconds() + "s");
    }
    String eviction = parameters.getOrDefault("allowEviction", "false");
    if (!eviction.matches("true|false")) {
      throw malformed("allowEviction is true or false");
    }
    return new Options(Integer.parseInt(replicas), wait, Boolean.parseBoolean(eviction));
  }

  private static Map<String, String> parameters(@Nullable String query) {
    Map<String, String> parameters = new HashMap<>();
    for (String pair : query == null || query.isEmpty() ? new String[0] : query.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      if (equals < 0 || !PARAMETERS.contains(name)) {
        throw malformed(
            "parameter \""
                + name
                + "\" is none of "
                + String.join(", ", PARAMETERS.stream().sorted().toList()));
      }
      parameters.put(name, decode(pair.substring(equals + 1)));
    }
    return parameters;
  }

  private static String decode(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static IllegalArgumentException malformed(String problem) {
    return new IllegalArgumentException("not a Redis URI: " + problem + "; " + EXAMPLES);
  }
}
