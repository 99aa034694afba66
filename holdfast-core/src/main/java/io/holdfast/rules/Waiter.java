package io.holdfast.rules;

/**
 * A queued acquire.
 *
 * @param request who waits; the waiter's identity
 * @param mode how the lock is asked for
 * @param owner label of the owner that asks, for people
 * @param retainable copied to the grant
 * @param tryOnly whether the waiter is rejected as soon as a holder declines to give the lock back
 * @param since when it was queued, in milliseconds since the epoch, for people only
 */
public record Waiter(
    RequestId request, Mode mode, String owner, boolean retainable, boolean tryOnly, long since) {}
