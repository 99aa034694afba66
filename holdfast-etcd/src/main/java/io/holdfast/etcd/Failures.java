package io.holdfast.etcd;

import io.grpc.Status;
import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a failed call means, and what to do next. */
final class Failures {

  /** Said by a member before it has begun to do what it was asked. */
  private static final Set<String> UNDONE =
      Set.of(
          "etcdserver: no leader",
          "etcdserver: too many requests",
          "etcdserver: mvcc: database space exceeded",
          "etcdserver: not capable",
          "etcdserver: rpc not supported for learner");

  private static final String FULL = "etcdserver: mvcc: database space exceeded";

  private static final String CHECK_LOGIN =
      "; check user and password, and the limits of the server";
  private static final String CHECK_ADDRESS = "; check the address";
  private static final String MAKE_ROOM =
      " is full and takes no changes; compact and defragment it, then disarm its alarm, and set"
          + " --auto-compaction-retention";

  private Failures() {}

  /** Whether another member, or a new connection, may do better. */
  static boolean isTrouble(Status status) {
    return status.getCode() == Status.Code.UNAVAILABLE
        || status.getCode() == Status.Code.DEADLINE_EXCEEDED;
  }

  /** Whether the server has refused before it did anything. */
  static boolean isRefusedUndone(Status status) {
    String description = status.getDescription();
    return switch (status.getCode()) {
      case PERMISSION_DENIED,
          UNAUTHENTICATED,
          UNIMPLEMENTED,
          INVALID_ARGUMENT,
          NOT_FOUND,
          FAILED_PRECONDITION ->
          true;
      default -> description != null && UNDONE.contains(description);
    };
  }

  /**
   * The exception for a failed call.
   *
   * @param nothingHappened as far as the cluster is concerned
   */
  static RuntimeException of(EtcdOptions options, Status status, boolean nothingHappened) {
    String place = options.location();
    String reason = reason(status);
    Throwable cause = status.asRuntimeException();
    if (!nothingHappened) {
      return new OutcomeUnknownException(
          place
              + " has not answered a change ("
              + reason
              + "); send the same command again, or cancel the request",
          cause);
    }
    String user = options.login().map(login -> "user " + login.user()).orElse("no user");
    if (status.getCode() == Status.Code.PERMISSION_DENIED) {
      LockRefusedException refused =
          new LockRefusedException(
              place
                  + " does not let "
                  + user
                  + " use the keys of this space; grant a role that may read and write all keys"
                  + " with its prefix");
      refused.initCause(cause);
      return refused;
    }
    String problem =
        switch (status.getCode()) {
          case UNAUTHENTICATED, INVALID_ARGUMENT, FAILED_PRECONDITION, NOT_FOUND ->
              " has refused a call with " + user + ": " + reason + CHECK_LOGIN;
          case UNIMPLEMENTED -> " is no etcd of version 3.4 or later: " + reason + CHECK_ADDRESS;
          default -> FULL.equals(status.getDescription()) ? MAKE_ROOM : away(reason);
        };
    return new EngineUnavailableException(place + problem, cause);
  }

  private static String away(String reason) {
    return " cannot be used now: "
        + reason
        + "; check that it runs and has a leader, and whether it wants etcds://, then retry";
  }

  /** Whether a call failed because there is no such lease. */
  static boolean isLeaseGone(Throwable failure) {
    return Status.fromThrowable(failure).getCode() == Status.Code.NOT_FOUND;
  }

  /** Whether a call failed because there is such a lease already. */
  static boolean isLeaseTaken(Throwable failure) {
    return Status.fromThrowable(failure).getCode() == Status.Code.FAILED_PRECONDITION;
  }

  private static String reason(Status status) {
    String description = status.getDescription();
    String cause = status.getCause() == null ? null : reason(status.getCause());
    if (description == null || cause == null || description.contains(cause)) {
      return description == null
          ? status.getCode() + (cause == null ? "" : ": " + cause)
          : description;
    }
    return description + ": " + cause;
  }

  /** What the innermost cause says. */
  static String reason(Throwable failure) {
    Throwable innermost = failure;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      innermost = cause;
    }
    @Nullable String message = innermost.getMessage();
    return message == null ? innermost.getClass().getSimpleName() : message;
  }
}
