package io.holdfast;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.node.Node;
import io.holdfast.node.NodeSettings;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link Holdfast}. Every setter checks its value and returns this builder. Not
 * thread-safe.
 */
public final class HoldfastBuilder {

  /** The space unless told otherwise. */
  public static final String DEFAULT_SPACE = "holdfast";

  private static final int MAX_LABEL = 128;

  private final String uri;
  private Duration ttl = SessionTerms.DEFAULT_TTL;
  private @Nullable String nodeName;
  private String space = DEFAULT_SPACE;
  private Duration retainFor = Duration.ofSeconds(1);
  private int maxRetained = 10_000;
  private Duration connectTimeout = Duration.ofSeconds(10);
  private Duration operationTimeout = Duration.ofSeconds(10);
  private boolean shutdownHook = true;
  private @Nullable Executor callbacks;
  private @Nullable Environment environment;
  private @Nullable Engine engine;

  HoldfastBuilder(String uri) {
    this.uri = uri;
  }

  /**
   * After how long without renewal the engine releases everything of this node.
   *
   * @param value from 2 s to 10 min; default 10 s
   */
  public HoldfastBuilder ttl(Duration value) {
    ttl = new SessionTerms(value, "check", "check", 0).ttl();
    return this;
  }

  /**
   * The node's name, shown to people.
   *
   * @param value 1 to 128 characters; default the host's name and the process id
   */
  public HoldfastBuilder node(String value) {
    nodeName = requireLabel("the name of a node", value);
    return this;
  }

  /**
   * The namespace of the locks in the engine. Locks of different spaces have nothing in common.
   *
   * @param value 1 to 128 characters; default {@value #DEFAULT_SPACE}
   */
  public HoldfastBuilder space(String value) {
    space = requireLabel("a space", value);
    return this;
  }

  /**
   * After how long without use a retained lock is given back; a crashed node may block an idle lock
   * for its TTL.
   *
   * @param value more than zero; default 1 s
   */
  public HoldfastBuilder retainFor(Duration value) {
    retainFor = Durations.requirePositive("retainFor", value);
    return this;
  }

  /**
   * How many locks the node keeps without using them.
   *
   * @param value zero or more; default 10,000
   */
  public HoldfastBuilder maxRetained(int value) {
    if (value < 0) {
      throw new IllegalArgumentException(
          "maxRetained must be zero or more, not " + value + "; zero turns retention off");
    }
    maxRetained = value;
    return this;
  }

  /**
   * For how long {@link #connect()} waits for the engine.
   *
   * @param value more than zero; default 10 s
   */
  public HoldfastBuilder connectTimeout(Duration value) {
    connectTimeout = Durations.requirePositive("connectTimeout", value);
    return this;
  }

  /**
   * For how long operations without a deadline of their own, such as those of the {@link
   * Inspector}, wait for the engine.
   *
   * @param value more than zero; default 10 s
   */
  public HoldfastBuilder operationTimeout(Duration value) {
    operationTimeout = Durations.requirePositive("operationTimeout", value);
    return this;
  }

  /** Whether the end of the JVM closes the node; default yes. */
  public HoldfastBuilder shutdownHook(boolean value) {
    shutdownHook = value;
    return this;
  }

  /**
   * Runs loss listeners and what depends on returned stages; they may block.
   *
   * @param value not closed by Holdfast; default a pool of daemon threads that grows as needed
   */
  public HoldfastBuilder callbackExecutor(Executor value) {
    callbacks = value;
    return this;
  }

  /**
   * Clocks, scheduler, waiting and chance, for tests and simulations.
   *
   * @param value not closed by Holdfast; default the real ones
   */
  public HoldfastBuilder environment(Environment value) {
    environment = value;
    return this;
  }

  /**
   * An engine that was opened elsewhere, instead of that of the URI.
   *
   * @param value closed with the {@link Holdfast}
   */
  public HoldfastBuilder engine(Engine value) {
    engine = value;
    return this;
  }

  /**
   * Connects.
   *
   * @throws IllegalArgumentException if the URI names no known engine, or is malformed
   * @throws EngineUnavailableException if the engine cannot be used
   */
  public Holdfast connect() {
    String host = hostName();
    long pid = ProcessHandle.current().pid();
    String name = nodeName != null ? nodeName : host + "-" + pid;
    Environment doors = environment != null ? environment : Environment.system("holdfast-" + name);
    Executor calls = callbacks != null ? callbacks : callbackThreads();
    Engine opened;
    try {
      opened = engine != null ? engine : open(uri, space, doors);
    } catch (RuntimeException refused) {
      if (environment == null) {
        doors.scheduler().close();
      }
      throw refused;
    }
    NodeSettings settings =
        new NodeSettings(new SessionTerms(ttl, name, host, pid), retainFor, maxRetained, calls);
    Node node = new Node(opened, doors, settings);
    Holdfast holdfast = new Holdfast(opened, doors, environment == null, node, operationTimeout);
    try {
      Inspector.await(doors, node.start(), connectTimeout);
    } catch (RuntimeException unavailable) {
      holdfast.close();
      throw unavailable;
    }
    if (shutdownHook) {
      holdfast.closeAtShutdown();
    }
    return holdfast;
  }

  private static Engine open(String uri, String space, Environment environment) {
    URI parsed = parse(uri);
    String scheme = parsed.getScheme();
    Set<String> known = new TreeSet<>();
    for (EngineProvider provider : ServiceLoader.load(EngineProvider.class)) {
      if (scheme != null && provider.schemes().contains(scheme.toLowerCase(Locale.ROOT))) {
        return provider.open(parsed, space, environment);
      }
      known.addAll(provider.schemes());
    }
    throw new IllegalArgumentException(
        "no engine for "
            + (scheme == null ? "a URI without a scheme" : "the scheme \"" + scheme + ":\"")
            + "; known are "
            + String.join(" and ", known.stream().map(each -> each + ":").toList())
            + " (use one of them, or add the module of the engine to the class path)");
  }

  /**
   * People write {@code memory:}, and paths with blanks and umlauts after {@code file:}; a URI
   * wants something after the colon, and the rest escaped.
   */
  private static URI parse(String text) {
    int colon = text.indexOf(':');
    try {
      if (colon <= 0) {
        return new URI(text);
      }
      String rest = colon == text.length() - 1 ? "///" : text.substring(colon + 1);
      return rest.indexOf('%') >= 0 ? new URI(text) : new URI(text.substring(0, colon), rest, null);
    } catch (URISyntaxException malformed) {
      throw new IllegalArgumentException(
          "not an engine URI: \"" + text + "\"; write for example file:/var/lib/app/locks",
          malformed);
    }
  }

  /** Its threads end by themselves when idle; a loss may still be told after {@code close}. */
  private static Executor callbackThreads() {
    return Executors.newCachedThreadPool(
        work -> {
          Thread thread = new Thread(work, "holdfast-callback");
          thread.setDaemon(true);
          return thread;
        });
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException unnamed) {
      return "localhost";
    }
  }

  private static String requireLabel(String what, String value) {
    if (value.isBlank() || value.length() > MAX_LABEL) {
      throw new IllegalArgumentException(
          what + " has 1 to " + MAX_LABEL + " characters, not all blank; give another one");
    }
    return value;
  }
}
