package io.holdfast.zookeeper;

import io.holdfast.EngineUnavailableException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.jspecify.annotations.Nullable;

/** What the codes of ZooKeeper mean to a node. */
final class Failures {

  private Failures() {}

  /** Nothing happened. */
  static RuntimeException unavailable(Object where, Code code) {
    return unavailable(where, code.toString(), KeeperException.create(code));
  }

  static RuntimeException unavailable(Object where, String what, @Nullable Throwable cause) {
    return new EngineUnavailableException(
        where + " cannot be used at present (" + what + "); check the servers, then retry", cause);
  }

  /** A call that changes nothing has failed. */
  static RuntimeException reading(Object where, Code code) {
    return definite(code) ? refused(where, code) : unavailable(where, code);
  }

  /** A call that changes something has failed: only the server's own refusal is certain. */
  static RuntimeException changing(Object where, Code code) {
    if (definite(code)) {
      return refused(where, code);
    }
    return new OutcomeUnknownException(
        where
            + " has not answered a change ("
            + code
            + "); send the same command again, or cancel the request",
        KeeperException.create(code));
  }

  /** Whether the server has looked at a request and refused it. */
  private static boolean definite(Code code) {
    return switch (code) {
      case NOAUTH, INVALIDACL, QUOTAEXCEEDED, NOTREADONLY, UNIMPLEMENTED, BADARGUMENTS -> true;
      case MARSHALLINGERROR, THROTTLEDOP, NONODE, NODEEXISTS, BADVERSION, NOTEMPTY -> true;
      case EPHEMERALONLOCALSESSION, NOCHILDRENFOREPHEMERALS -> true;
      default -> false;
    };
  }

  private static RuntimeException refused(Object where, Code code) {
    String next =
        switch (code) {
          case NOAUTH, INVALIDACL ->
              "give the URI the ?auth=SCHEME:CREDENTIALS of the user that made the nodes, or change"
                  + " their ACL";
          case QUOTAEXCEEDED -> "raise the quota of the nodes";
          case NOTREADONLY -> "wait until the server has found its quorum again, then retry";
          case UNIMPLEMENTED -> "use ZooKeeper 3.6 or newer";
          default -> "check the servers' log, then retry";
        };
    return new EngineUnavailableException(
        where + " has refused a request (" + code + "); " + next, KeeperException.create(code));
  }

  /** The record would not fit into a request. */
  static LockRefusedException tooLarge(String name, int bytes, int limit) {
    return new LockRefusedException(
        "the record of lock "
            + name
            + " would have "
            + bytes
            + " bytes, and a ZooKeeper server takes "
            + limit
            + " (jute.maxbuffer); wait with fewer requests or shorter owner labels, or use another"
            + " engine for this lock");
  }
}
