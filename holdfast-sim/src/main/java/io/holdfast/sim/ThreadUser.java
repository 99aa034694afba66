package io.holdfast.sim;

import io.holdfast.DeadlockException;
import io.holdfast.DistributedLock;
import io.holdfast.DistributedReadWriteLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.HoldLostException;
import io.holdfast.LockRefusedException;
import io.holdfast.LockTimeoutException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A thread of a process that uses locks through the blocking API, in every way there is. */
final class ThreadUser implements Runnable {

  private final World world;
  private final Simulator simulator;
  private final Machine machine;
  private final Locks locks;
  private final String name;

  ThreadUser(World world, Machine machine, Locks locks, String name) {
    this.world = world;
    this.simulator = world.simulator();
    this.machine = machine;
    this.locks = locks;
    this.name = name;
  }

  @Override
  public void run() {
    SimThread self = (SimThread) Thread.currentThread();
    while (world.isWorking()) {
      self.pause(world.thinkNanos());
      try {
        useSomething(self);
      } catch (InterruptedException interrupted) {
        count("interrupted");
      } catch (EngineUnavailableException | OutcomeUnknownException trouble) {
        count("engine trouble");
      } catch (DeadlockException phantom) {
        // Who waits for a lock holds none, or the one before it in the order of all.
        simulator.violated(name + " gave way, and was on no circle: " + phantom, phantom);
      } catch (LockRefusedException refused) {
        count("refused");
      } catch (IllegalStateException closed) {
        count("closed");
        return;
      }
    }
  }

  private void useSomething(SimThread self) throws InterruptedException {
    switch (simulator.random().nextInt(10)) {
      case 0, 1, 2, 3 -> useMutex(self);
      case 4, 5 -> useReadLock(self);
      case 6 -> useWriteLock(self);
      case 7, 8 -> useSemaphore(self);
      default -> useBoth(self);
    }
  }

  private void count(String what) {
    world.coverage().count("thread: " + what);
  }

  // ---------------------------------------------------------------- acquiring

  private void useMutex(SimThread self) throws InterruptedException {
    DistributedLock lock = locks.mutex(world.pickMutex());
    Optional<Hold> hold = acquire(self, lock);
    if (hold.isPresent()) {
      criticalSection(self, hold.get(), Mode.EXCLUSIVE, lock);
    }
  }

  private Optional<Hold> acquire(SimThread self, DistributedLock lock) throws InterruptedException {
    try (World.Operation operation =
        world.begins(machine, self, name + " acquires " + lock.name())) {
      switch (simulator.random().nextInt(6)) {
        case 0, 1 -> {
          return Optional.of(lock.acquire());
        }
        case 2 -> {
          operation.deadline(Duration.ofSeconds(1));
          return noted(lock.tryAcquire());
        }
        case 3, 4 -> {
          Duration wait = world.pickWait();
          operation.deadline(wait);
          return noted(lock.tryAcquire(wait));
        }
        default -> {
          Duration wait = world.pickWait();
          operation.deadline(wait);
          return Optional.of(lock.acquire(wait));
        }
      }
    } catch (LockTimeoutException late) {
      count("timed out");
      return Optional.empty();
    }
  }

  private Optional<Hold> noted(Optional<Hold> hold) {
    if (hold.isEmpty()) {
      count("not granted");
    }
    return hold;
  }

  private void useReadLock(SimThread self) throws InterruptedException {
    DistributedReadWriteLock lock = locks.readWriteLock(simulator.random().nextInt(2));
    Optional<Hold> read = acquire(self, lock.readLock());
    if (read.isEmpty()) {
      return;
    }
    Beliefs.Belief belief = begin(read.get(), Mode.SHARED);
    try {
      self.pause(world.holdNanos());
      if (simulator.chance(0.3)) {
        upgrade(self, lock, read.get());
      }
    } finally {
      end(belief);
    }
  }

  private void upgrade(SimThread self, DistributedReadWriteLock lock, Hold read) {
    try {
      Optional<Hold> write;
      try (World.Operation operation = world.begins(machine, self, name + " upgrades")) {
        operation.deadline(Duration.ofSeconds(3));
        write = lock.tryUpgrade(read);
      }
      if (write.isPresent()) {
        count("upgraded");
        criticalSection(self, write.get(), Mode.EXCLUSIVE, lock.writeLock());
      }
    } catch (HoldLostException lost) {
      count("lost before upgrade");
    } catch (EngineUnavailableException unavailable) {
      count("upgrade unanswered");
    }
  }

  private void useWriteLock(SimThread self) throws InterruptedException {
    DistributedReadWriteLock lock = locks.readWriteLock(simulator.random().nextInt(2));
    Optional<Hold> write = acquire(self, lock.writeLock());
    if (write.isEmpty()) {
      return;
    }
    if (simulator.chance(0.3)) {
      downgrade(self, lock, write.get());
    } else {
      criticalSection(self, write.get(), Mode.EXCLUSIVE, lock.writeLock());
    }
  }

  private void downgrade(SimThread self, DistributedReadWriteLock lock, Hold write) {
    Beliefs.Belief writing = begin(write, Mode.EXCLUSIVE);
    self.pause(world.holdNanos());
    Optional<Hold> read;
    try {
      read = lock.readLock().tryAcquire();
    } finally {
      end(writing);
    }
    if (read.isPresent()) {
      count("downgraded");
      Beliefs.Belief reading = begin(read.get(), Mode.SHARED);
      self.pause(world.holdNanos());
      end(reading);
    }
  }

  private void useSemaphore(SimThread self) throws InterruptedException {
    int permits = 1 + simulator.random().nextInt(3);
    Optional<Hold> hold;
    try (World.Operation operation = world.begins(machine, self, name + " acquires permits")) {
      if (simulator.chance(0.5)) {
        hold = Optional.of(locks.semaphore().acquire(permits));
      } else {
        Duration wait = world.pickWait();
        operation.deadline(wait);
        hold = noted(locks.semaphore().tryAcquire(permits, wait));
      }
    }
    if (hold.isPresent()) {
      Beliefs.Belief belief = begin(hold.get(), Mode.permits(permits));
      self.pause(world.holdNanos());
      end(belief);
    }
  }

  private void useBoth(SimThread self) throws InterruptedException {
    Optional<Hold> hold;
    try (World.Operation operation = world.begins(machine, self, name + " acquires both")) {
      if (simulator.chance(0.5)) {
        hold = Optional.of(locks.both().acquire());
      } else {
        Duration wait = world.pickWait();
        operation.deadline(wait);
        hold = noted(locks.both().tryAcquire(wait));
      }
    }
    if (hold.isPresent()) {
      count("acquired several");
      List<Beliefs.Belief> beliefs =
          hold.get().parts().stream()
              .filter(part -> machine.watch(part::isHeld))
              .map(part -> begin(part, Mode.EXCLUSIVE))
              .toList();
      self.pause(world.holdNanos());
      beliefs.forEach(Beliefs.Belief::end);
      hold.get().close();
    }
  }

  // ---------------------------------------------------------------- holding

  private Beliefs.Belief begin(Hold hold, Mode mode) {
    Beliefs.User self = new Beliefs.User(machine, name, Thread.currentThread());
    return world.beliefs().begin(self, mode, hold);
  }

  private void end(Beliefs.Belief belief) {
    belief.end();
    if (simulator.chance(0.5)) {
      belief.hold().close();
    } else {
      count(belief.hold().release().toString());
    }
  }

  private void criticalSection(SimThread self, Hold hold, Mode mode, DistributedLock again) {
    Beliefs.Belief belief = begin(hold, mode);
    try {
      boolean admitted = belief.read();
      self.pause(world.holdNanos());
      if (simulator.chance(0.2)) {
        reenter(self, again, hold);
      }
      hold.ensureHeld();
      if (admitted) {
        self.pause(simulator.between(0, 2_000_000));
        belief.write();
      }
    } catch (HoldLostException lost) {
      count("ensureHeld threw");
      // As a program that does not look: only the guard stands in its way.
      belief.write();
    } finally {
      end(belief);
    }
  }

  private void reenter(SimThread self, DistributedLock lock, Hold outer) {
    Optional<Hold> inner = lock.tryAcquire();
    if (inner.isPresent()) {
      boolean same = inner.get().token() == outer.token();
      count(same ? "re-entered" : "acquired again after a loss");
      Beliefs.Belief belief = begin(inner.get(), Mode.EXCLUSIVE);
      self.pause(world.holdNanos() / 4);
      end(belief);
    }
  }
}
