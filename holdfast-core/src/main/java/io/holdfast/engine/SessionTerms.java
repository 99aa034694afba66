package io.holdfast.engine;

import java.time.Duration;

/**
 * What a node says about itself when it opens a session.
 *
 * @param ttl after how long without renewal the engine ends the session; 2 s to 10 min
 * @param node the node's name, for people
 * @param host the name of the machine, for people
 * @param pid the process id, for people
 */
public record SessionTerms(Duration ttl, String node, String host, long pid) {

  /** The shortest TTL. */
  public static final Duration MIN_TTL = Duration.ofSeconds(2);

  /** The longest TTL. */
  public static final Duration MAX_TTL = Duration.ofMinutes(10);

  /** The TTL unless told otherwise. */
  public static final Duration DEFAULT_TTL = Duration.ofSeconds(10);

  /** Checks the TTL. */
  public SessionTerms {
    if (ttl.compareTo(MIN_TTL) < 0 || ttl.compareTo(MAX_TTL) > 0) {
      throw new IllegalArgumentException(
          "the TTL must be from "
              + MIN_TTL.toSeconds()
              + " s to "
              + MAX_TTL.toMinutes()
              + " min, not "
              + ttl
              + "; choose one in that range");
    }
  }
}
