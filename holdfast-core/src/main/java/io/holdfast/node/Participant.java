package io.holdfast.node;

import io.holdfast.node.LocalWaits.Kept;
import io.holdfast.rules.Event;
import java.util.List;

/** A lock of this node with something at the engine, which hears of what happens there. */
interface Participant {

  /** The lock's name. */
  String name();

  /** The grants that owners of this node use at present. */
  List<Kept> kept();

  /** The engine's word on one of this lock's requests. */
  void onEvent(Event event);

  /** The lease cannot be proven any more: every hold is lost, the grants may come back. */
  void onSuspended();

  /** The lease is proven again, or a new session is open: go on. */
  void onResumed();

  /** The session is gone, and with it every grant and request. */
  void onSessionLost();

  /** Gives back what is retained and has not been used since a moment (ticker time). */
  void releaseIdle(long usedBefore);

  /** The node closes: waiters fail, holds are lost; the session's end releases the rest. */
  void onClosed();
}
