package io.holdfast.sim;

import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * A thread of a simulated {@link Machine}: a real one that runs only when it is its turn. It gives
 * its turn back when it parks, sleeps, is stopped with its whole machine, or ends; so there is
 * never more than one thread running, and the order is the event queue's.
 */
final class SimThread extends Thread {

  /** Ends a thread whose machine has crashed. No code under test catches errors. */
  private static final class MachineCrashed extends Error {
    private static final long serialVersionUID = 1;

    MachineCrashed() {
      super("crashed", null, false, false);
    }
  }

  private final Machine machine;
  private final Runnable work;

  /** Uninterruptible, and fair enough: one permit for one turn. */
  private final Semaphore turn = new Semaphore(0);

  private final Semaphore turnEnds = new Semaphore(0);
  private boolean parked;
  private boolean unparked;
  private boolean dead;
  private boolean ended;
  private @Nullable Throwable failure;

  /** A thread that begins with the next event of its machine. */
  static SimThread start(Machine machine, String name, Runnable work) {
    SimThread thread = new SimThread(machine, name, work);
    machine.adopt(thread);
    thread.start();
    machine.after(0, "thread begins", thread::takeTurn);
    return thread;
  }

  private SimThread(Machine machine, String name, Runnable work) {
    super(name);
    this.machine = machine;
    this.work = work;
    setDaemon(true);
  }

  /** The running simulated thread; {@code null} on the thread that runs the event queue. */
  static @Nullable SimThread current() {
    return Thread.currentThread() instanceof SimThread thread ? thread : null;
  }

  @Override
  public void run() {
    turn.acquireUninterruptibly();
    try {
      if (!dead) {
        work.run();
      }
    } catch (MachineCrashed expected) {
      dead = true;
    } catch (Throwable unexpected) {
      failure = unexpected;
    } finally {
      ended = true;
      turnEnds.release();
    }
  }

  /** Lets the thread run until it gives its turn back. Called on the thread of the event queue. */
  private void takeTurn() {
    if (ended) {
      return;
    }
    turn.release();
    turnEnds.acquireUninterruptibly();
    if (failure != null) {
      Throwable cause = failure;
      failure = null;
      machine.violated("thread " + getName() + " was ended by " + cause, cause);
    }
  }

  /** Called by the thread itself: lets the event queue go on, until somebody gives it a turn. */
  private void giveTurnBack() {
    turnEnds.release();
    turn.acquireUninterruptibly();
    requireAlive();
  }

  /** A dead thread only unwinds its stack. */
  private void requireAlive() {
    if (dead) {
      throw new MachineCrashed();
    }
  }

  /** As {@link io.holdfast.engine.Environment.Parker#park}, called by the thread itself. */
  void park(long nanos) {
    requireAlive();
    if (unparked || isInterrupted()) {
      unparked = false;
      return;
    }
    parked = true;
    Simulator.Event alarm = machine.afterLocal(nanos, "park ends", this::wake);
    giveTurnBack();
    alarm.cancel();
    unparked = false;
  }

  /** As {@link io.holdfast.engine.Environment.Parker#unpark}. */
  void unpark() {
    unparked = true;
    if (parked) {
      machine.after(machine.wakeUpNanos(), "unpark", this::wake);
    }
  }

  /** Interrupts the thread, which notices it where a real one would. */
  void interruptSimulated() {
    interrupt();
    if (parked) {
      machine.after(machine.wakeUpNanos(), "interrupt", this::wake);
    }
  }

  private void wake() {
    if (parked) {
      parked = false;
      takeTurn();
    }
  }

  /** Lets time pass, called by the thread itself; not interruptible. */
  void pause(long nanos) {
    requireAlive();
    machine.afterLocal(nanos, "sleep ends", this::takeTurn);
    giveTurnBack();
  }

  /** The machine has been stopped under the running thread, which goes on first. */
  void stopWithMachine(long until) {
    machine.simulator().at(until, "continues", this::takeTurn);
    giveTurnBack();
  }

  boolean isParked() {
    return parked;
  }

  /** Ends the thread with its machine. Called on the thread of the event queue. */
  void crash() {
    dead = true;
    parked = false;
    takeTurn();
  }
}
