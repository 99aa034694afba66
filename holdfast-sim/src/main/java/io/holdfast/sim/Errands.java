package io.holdfast.sim;

import io.holdfast.DeadlockException;
import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.LockRefusedException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.Owner;
import io.holdfast.engine.Calls;
import io.holdfast.sim.Errand.End;
import io.holdfast.sim.Errand.Step;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Runs errands, with a thread or without. */
final class Errands {

  private static final long MILLISECOND = 1_000_000;

  private final World world;
  private final Simulator simulator;

  Errands(World world) {
    this.world = world;
    this.simulator = world.simulator();
  }

  /** Runs an errand in a thread of its own. */
  SimThread withThread(Machine machine, Errand errand) {
    return SimThread.start(machine, errand.name(), () -> new Run(machine, errand).inThread());
  }

  /** Runs an errand in callbacks. */
  void withoutThread(Machine machine, Errand errand) {
    Run run = new Run(machine, errand);
    machine.after(0, "errand", run::next);
  }

  /** How an errand ended with a failure. */
  private End end(Circles.Wait wait, Throwable failure) {
    if (failure instanceof DeadlockException deadlock) {
      wait.gaveWay(deadlock);
      return End.GAVE_WAY;
    } else if (failure instanceof InterruptedException) {
      return End.INTERRUPTED;
    } else if (failure instanceof CancellationException) {
      return End.CANCELLED;
    } else if (failure instanceof EngineUnavailableException
        || failure instanceof OutcomeUnknownException
        || failure instanceof LockRefusedException
        || failure instanceof IllegalStateException) {
      return End.FAILED;
    }
    simulator.violated("an errand failed with " + failure, failure);
    return End.FAILED;
  }

  /** One errand on its way. */
  private final class Run {
    private final Machine machine;
    private final Errand errand;
    private final Owner owner;
    private final Deque<Step> rest;
    private final Deque<Beliefs.Belief> beliefs = new ArrayDeque<>();
    private final Deque<Hold> holds = new ArrayDeque<>();

    Run(Machine machine, Errand errand) {
      this.machine = machine;
      this.errand = errand;
      this.owner = Owner.of(errand.name());
      this.rest = new ArrayDeque<>(errand.steps());
    }

    private World.Operation asks(@Nullable SimThread self, Step step) {
      return world.begins(machine, self, errand.name() + " acquires " + step.target().names());
    }

    private Circles.Wait begins(Object identity, Step step) {
      return world.circles().begins(machine, identity, step.target().names(), step.target().mode());
    }

    private void take(Object identity, Step step, Hold hold) {
      holds.push(hold);
      Beliefs.User self = new Beliefs.User(machine, errand.name(), identity);
      List<Hold> parts = step.target().names().size() == 1 ? List.of(hold) : hold.parts();
      parts.stream()
          .filter(part -> machine.watch(part::isHeld))
          .map(part -> world.beliefs().begin(self, step.target().mode(), part))
          .forEach(beliefs::push);
    }

    private void ends(End end) {
      beliefs.forEach(Beliefs.Belief::end);
      holds.forEach(Hold::close);
      world.coverage().count("errand: " + end);
      errand.onEnd().accept(end);
    }

    // ---------------------------------------------------------------- with a thread

    void inThread() {
      SimThread self = (SimThread) Thread.currentThread();
      End end = End.DONE;
      while (end == End.DONE && !rest.isEmpty()) {
        Step step = rest.remove();
        while (!step.gate().getAsBoolean()) {
          self.pause(MILLISECOND);
        }
        self.pause(step.pauseNanos());
        end = takeWithThread(self, step);
      }
      if (end == End.DONE) {
        self.pause(errand.holdNanos());
      }
      ends(end);
    }

    private End takeWithThread(SimThread self, Step step) {
      try (World.Operation operation = asks(self, step);
          Circles.Wait wait = begins(self, step)) {
        step.limit().ifPresent(operation::deadline);
        Optional<Hold> hold;
        try {
          hold = step.target().acquire(step.limit());
        } catch (InterruptedException | RuntimeException failure) {
          return end(wait, failure);
        }
        hold.ifPresent(granted -> take(self, step, granted));
        return hold.isPresent() ? End.DONE : End.LATE;
      }
    }

    // ---------------------------------------------------------------- without

    void next() {
      Step step = rest.peek();
      if (step == null) {
        machine.afterLocal(errand.holdNanos(), "held", () -> ends(End.DONE));
      } else if (!step.gate().getAsBoolean()) {
        machine.after(MILLISECOND, "gate", this::next);
      } else {
        rest.remove();
        machine.afterLocal(step.pauseNanos(), "ask", () -> ask(step));
      }
    }

    @SuppressWarnings(
        "FutureReturnValueIgnored") // Only reacts; the simulator keeps what it throws.
    private void ask(Step step) {
      Optional<Duration> patience = step.cancels() ? Optional.empty() : step.limit();
      World.Operation operation = asks(null, step);
      step.limit().ifPresent(operation::deadline);
      Circles.Wait wait = begins(owner, step);
      CompletableFuture<?> future;
      try {
        future = step.target().acquireAsync(owner, patience).toCompletableFuture();
      } catch (RuntimeException refused) {
        future = CompletableFuture.failedFuture(refused);
      }
      future.whenComplete(
          (answer, failure) -> {
            operation.close();
            End end = failure != null ? end(wait, Calls.cause(failure)) : End.DONE;
            Object hold = answer instanceof Optional<?> perhaps ? perhaps.orElse(null) : answer;
            if (hold != null) {
              take(owner, step, (Hold) hold);
            } else if (failure == null) {
              end = End.LATE;
            }
            wait.close();
            if (end == End.DONE) {
              next();
            } else {
              ends(end);
            }
          });
      if (step.cancels() && step.limit().isPresent()) {
        CompletableFuture<?> asked = future;
        machine.afterLocal(step.limit().get().toNanos(), "cancel", () -> asked.cancel(false));
      }
    }
  }
}
