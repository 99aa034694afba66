package io.holdfast.rules;

/**
 * A hint to the session of a request to look again. Everything that an event says can be derived
 * from the lock's record, so a lost event costs time, never correctness; a repeated one costs
 * nothing.
 */
public sealed interface Event {

  /** The request that the event is about; its session is the addressee. */
  RequestId request();

  /**
   * A waiter was granted.
   *
   * @param id the grant's id; see {@link Grant#id()}
   */
  record Granted(RequestId request, long id) implements Event {}

  /**
   * Another request waits for the lock that this one holds: give it back when idle.
   *
   * @param tryOnly whether only TRY waiters ask, who want an answer ({@link Command.Decline} or
   *     {@link Command.Release}) now rather than the lock later
   */
  record Revoke(RequestId request, boolean tryOnly) implements Event {}

  /** A waiter was taken from the queue without a grant. */
  record Rejected(RequestId request, Reply.Reason reason) implements Event {}

  /** A grant was ended by somebody else: forced by an operator, or its session expired. */
  record Ended(RequestId request) implements Event {}
}
