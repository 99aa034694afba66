package io.holdfast.redis;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import io.lettuce.core.RedisCommandExecutionException;
import java.util.Set;

/** What a failure means, and what to do next. */
final class RedisErrors {

  /** The server is not, or no longer, the one to talk to. */
  private static final Set<String> ELSEWHERE =
      Set.of("READONLY", "MOVED", "CLUSTERDOWN", "MASTERDOWN", "LOADING");

  private static final String RETRY = "retry";

  private RedisErrors() {}

  /** Whether another server, or the same one later, has to be looked for. */
  static boolean elsewhere(Throwable failure) {
    return failure instanceof RedisCommandExecutionException refused
        // Redis 6 puts the code of an error inside a script behind some words of its own.
        && ELSEWHERE.stream().anyMatch(code -> text(refused).contains(code + " "));
  }

  /** Whether the server has answered, so that the connection is sound. */
  static boolean answered(Throwable failure) {
    return failure instanceof RedisCommandExecutionException;
  }

  /**
   * What a call failed with.
   *
   * @param where the server, without secrets
   * @param doubtful whether the call may have changed something
   */
  static RuntimeException of(Throwable failure, String where, boolean doubtful) {
    if (failure instanceof RedisCommandExecutionException refused) {
      return refused(refused, where);
    }
    if (failure instanceof EngineUnavailableException
        || failure instanceof LockRefusedException
        || failure instanceof OutcomeUnknownException) {
      return (RuntimeException) failure;
    }
    return doubtful
        ? new OutcomeUnknownException(
            "a change was sent to " + where + " and not answered; send the same command again",
            failure)
        : new EngineUnavailableException(
            where + " did not answer (" + failure.getMessage() + "); check that it runs, retry",
            failure);
  }

  private static RuntimeException refused(RedisCommandExecutionException refused, String where) {
    String text = text(refused);
    if (text.contains("HOLDFASTFORMAT")) {
      return new LockRefusedException(
          where
              + " keeps this space in format "
              + text.replaceFirst(".*HOLDFASTFORMAT (\\S+).*", "$1")
              + ", and this release knows format 1; use a newer release, or another space");
    }
    return new EngineUnavailableException(
        where + " refused: " + text + "; nothing was changed; " + advice(text), refused);
  }

  /** What to do when no connection could be made. */
  static String connectAdvice(String text) {
    if (text.contains("certification path")) {
      return "let the JVM trust its certificate (javax.net.ssl.trustStore names a trust store), then"
          + " retry";
    }
    String advice = advice(text);
    return advice.equals(RETRY)
        ? "check that the server runs, its address, and TLS (rediss://), then retry"
        : advice;
  }

  /** What to do about an error of the server. */
  static String advice(String text) {
    if (text.contains("NOPERM")) {
      return "allow it with ACL SETUSER (docs/engines.md lists what is needed), then retry";
    }
    if (text.contains("NOAUTH") || text.contains("WRONGPASS") || text.contains("AUTH")) {
      return "check the user and the password in the URI, then retry";
    }
    if (text.contains("OOM ")) {
      return "give the server memory, then retry";
    }
    if (text.contains("MISCONF")) {
      return "let the server save to its disk again, then retry";
    }
    return RETRY;
  }

  private static String text(RedisCommandExecutionException refused) {
    return String.valueOf(refused.getMessage());
  }
}
