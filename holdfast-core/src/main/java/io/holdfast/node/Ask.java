package io.holdfast.node;

import io.holdfast.engine.EngineSession;
import io.holdfast.rules.Mode;
import io.holdfast.rules.RequestId;
import org.jspecify.annotations.Nullable;

/**
 * One request of this node at the engine, from the first submission to the end of its grant.
 * Guarded by the lock that it is for.
 */
final class Ask {

  final EngineSession session;
  final RequestId request;
  final boolean tryOnly;
  Mode mode;

  /** The grant's id; 0 until granted. */
  long id;

  /** Whether the engine has answered at all. */
  boolean answered;

  /** Whether another node waits for this grant. */
  boolean revoked;

  /** When the revoke came. */
  long revokedAt;

  /** The last failure of the engine while asking; it explains a timeout. */
  @Nullable Throwable trouble;

  Ask(EngineSession session, RequestId request, Mode mode, boolean tryOnly) {
    this.session = session;
    this.request = request;
    this.mode = mode;
    this.tryOnly = tryOnly;
  }

  boolean granted() {
    return id != 0;
  }
}
