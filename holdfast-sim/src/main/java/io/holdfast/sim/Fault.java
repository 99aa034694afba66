package io.holdfast.sim;

/** What can go wrong in a simulated world. */
public enum Fault {
  /** The network between a process and the server is cut, in one direction or both. */
  CUT,
  /** Messages are lost, repeated, late, refused, or never answered. */
  MESSAGES,
  /** A wake-up of a store does not arrive. */
  WAKE_UPS,
  /** A process stands still, at rest or in the middle of its code, and threads are starved. */
  STOP,
  /** A process is killed, and started again. */
  CRASH,
  /** The server stands still. */
  STALL,
  /** The server fails over or restarts, as its {@link StoreProfile} says. */
  FAILOVER,
  /** A process's wall clock jumps. */
  WALL_CLOCK,
  /** A process closes its client and opens another one. */
  RESTART,
  /** A waiting thread is interrupted. */
  INTERRUPT
}
