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

  /** When it was asked for. */
  final long askedAt;

  /** Whether the engine has answered at all. */
  boolean answered;

  /** Whether another node waits for this grant. */
  boolean revoked;

  /** Whether the engine has still to say which read phase a former writer belongs to. */
  boolean downgrading;

  /** When the revoke came. */
  long revokedAt;

  /** The last failure of the engine while asking; it explains a timeout. */
  @Nullable Throwable trouble;

  Ask(EngineSession session, RequestId request, Mode mode, boolean tryOnly, long askedAt) {
    this.session = session;
    this.request = request;
    this.mode = mode;
    this.tryOnly = tryOnly;
    this.askedAt = askedAt;
  }

  boolean granted() {
    return id != 0;
  }
}
