package io.holdfast.sim;

import io.holdfast.DeadlockException;
import io.holdfast.DistributedLock;
import io.holdfast.DistributedReadWriteLock;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.HoldLostException;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.Owner;
import io.holdfast.engine.Calls;
import io.holdfast.rules.Mode;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A user without a thread: asks by futures, cancels some of them, and lives in callbacks. */
final class AsyncUser {

  private static final Duration TRY_LIMIT = Duration.ofSeconds(1);

  private final World world;
  private final Simulator simulator;
  private final Machine machine;
  private final Locks locks;
  private final Owner owner;

  AsyncUser(World world, Machine machine, Locks locks, String name) {
    this.world = world;
    this.simulator = world.simulator();
    this.machine = machine;
    this.locks = locks;
    this.owner = Owner.of(name);
  }

  void start() {
    machine.after(world.thinkNanos(), "think", this::use);
  }

  private void count(String what) {
    world.coverage().count("async: " + what);
  }

  private void use() {
    if (!world.isWorking()) {
      return;
    }
    switch (simulator.random().nextInt(8)) {
      case 0, 1, 2, 3 -> use(locks.mutex(world.pickMutex()), Mode.EXCLUSIVE);
      case 4, 5 -> use(pickReadWriteLock().readLock(), Mode.SHARED);
      case 6 -> use(pickReadWriteLock().writeLock(), Mode.EXCLUSIVE);
      default -> usePermits();
    }
  }

  private DistributedReadWriteLock pickReadWriteLock() {
    return locks.readWriteLock(simulator.random().nextInt(2));
  }

  private void use(DistributedLock lock, Mode mode) {
    String what = owner.id() + " acquires " + lock.name() + " " + mode;
    switch (simulator.random().nextInt(4)) {
      case 0, 1 -> ask(new Wish(what, mode, null), () -> lock.acquireAsync(owner), Optional::of);
      case 2 -> {
        Wish wish = new Wish(what, mode, TRY_LIMIT);
        ask(wish, () -> lock.tryAcquireAsync(owner), Function.identity());
      }
      default -> {
        Duration wait = world.pickWait();
        Wish wish = new Wish(what, mode, wait);
        ask(wish, () -> lock.tryAcquireAsync(owner, wait), Function.identity());
      }
    }
  }

  private void usePermits() {
    int permits = 1 + simulator.random().nextInt(3);
    ask(
        new Wish(owner.id() + " acquires permits", Mode.permits(permits), null),
        () -> locks.semaphore().acquireAsync(owner, permits),
        Optional::of);
  }

  /**
   * What is asked for.
   *
   * @param what in words
   * @param limit within which there must be an answer; {@code null} for none
   */
  private record Wish(String what, Mode mode, @Nullable Duration limit) {}

  /**
   * Asks.
   *
   * @param granted reads the answer
   */
  @SuppressWarnings("FutureReturnValueIgnored") // Only reacts; the simulator keeps what it throws.
  private <T> void ask(
      Wish wish, Supplier<CompletionStage<T>> request, Function<T, Optional<Hold>> granted) {
    World.Operation operation = world.begins(machine, null, wish.what());
    if (wish.limit() != null) {
      operation.deadline(wish.limit());
    }
    CompletableFuture<T> future;
    try {
      future = request.get().toCompletableFuture();
    } catch (RuntimeException refused) {
      operation.close();
      onFailure(refused);
      return;
    }
    boolean[] cancelled = new boolean[1];
    future.whenComplete(
        (answer, failure) -> {
          operation.close();
          if (failure != null) {
            onFailure(Calls.cause(failure));
          } else if (cancelled[0]) {
            simulator.violated(owner + " was answered " + answer + " after a cancel", null);
          } else {
            onAnswer(granted.apply(answer), wish.mode());
          }
        });
    if (!future.isDone() && simulator.chance(0.25)) {
      long later = simulator.between(0, world.ttl().toNanos() / 4);
      machine.after(later, "cancel", () -> cancelled[0] = future.cancel(false));
    }
  }

  private void onAnswer(Optional<Hold> hold, Mode mode) {
    if (hold.isPresent()) {
      onHold(hold.get(), mode);
    } else {
      count("not granted");
      start();
    }
  }

  private void onFailure(Throwable failure) {
    if (failure instanceof CancellationException) {
      count("cancelled");
      start();
    } else if (failure instanceof EngineUnavailableException
        || failure instanceof OutcomeUnknownException) {
      count("engine trouble");
      start();
    } else if (failure instanceof DeadlockException) {
      simulator.violated(owner + " gave way, and was on no circle: " + failure, failure);
    } else if (failure instanceof LockRefusedException) {
      count("refused");
      start();
    } else if (failure instanceof IllegalStateException) {
      count("closed");
    } else {
      simulator.violated(owner + " failed with " + failure, failure);
    }
  }

  private void onHold(Hold hold, Mode mode) {
    count("granted");
    Object identity = mode.type() == Mode.Type.PERMITS ? hold : owner;
    Beliefs.User self = new Beliefs.User(machine, owner.id(), identity);
    Beliefs.Belief belief = world.beliefs().begin(self, mode, hold);
    boolean admitted = mode.isExclusive() && belief.read();
    machine.afterLocal(world.holdNanos(), "held", () -> onHeld(belief, admitted));
  }

  private void onHeld(Beliefs.Belief belief, boolean admitted) {
    boolean lost = false;
    try {
      belief.hold().ensureHeld();
    } catch (HoldLostException told) {
      lost = true;
      count("ensureHeld threw");
    }
    if (admitted && (!lost || simulator.chance(0.5))) {
      belief.write();
    }
    belief.end();
    belief.hold().close();
    start();
  }
}
