package io.holdfast.cli;

import io.holdfast.EngineUnavailableException;
import io.holdfast.Hold;
import io.holdfast.Holdfast;
import io.holdfast.HoldfastBuilder;
import io.holdfast.LockReport;
import io.holdfast.Loss;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One command under one lock, from the wait to the release. For one use by one thread. */
final class Run {

  // The order that matters: the lock is given back only when the command has ended, whoever or
  // whatever ends it. So Holdfast's own shutdown hook, which would give the lock back on SIGTERM
  // with the command still running, is off, and signals are heard and passed on instead. Only when
  // the lock is lost is there no waiting: others may have it, so the command is killed at once.
  // SIGTERM would leave it running for as long as it likes.

  /**
   * What to do.
   *
   * @param name the lock
   * @param mode how to take it
   * @param label what others see as the holder
   * @param command the program and its arguments
   */
  record Work(String name, LockMode mode, String label, List<String> command) {}

  /**
   * How long it may take.
   *
   * @param patience for the lock; zero to try once, null for ever
   * @param maxHold until the command is ended, null for never
   * @param killAfter from the SIGTERM of maxHold to its SIGKILL
   */
  record Limits(@Nullable Duration patience, @Nullable Duration maxHold, Duration killAfter) {}

  private static final Duration TELLING_LIMIT = Duration.ofMillis(200);

  private final Work work;
  private final Limits limits;
  private final RunVoice voice;
  private final int conflictCode;
  private final Thread runner = Thread.currentThread();
  private @Nullable Child child;
  private @Nullable String signal;
  private @Nullable String selfWait;
  private volatile @Nullable Loss loss;

  Run(Work work, Limits limits, RunVoice voice, int conflictCode) {
    this.work = work;
    this.limits = limits;
    this.voice = voice;
    this.conflictCode = conflictCode;
  }

  /**
   * Does it.
   *
   * @return the exit code
   */
  int execute(HoldfastBuilder builder) throws InterruptedException {
    runner.setName(work.label());
    Signals.listen(this::heard);
    CompletableFuture<Optional<Guardian>> guardian =
        CompletableFuture.supplyAsync(Guardian::start, Run::inBackground);
    try (Holdfast locks = builder.shutdownHook(false).connect()) {
      Optional<Hold> hold = take(locks);
      return hold.isEmpty() ? notGranted(locks) : hold(hold.get(), guardian.join());
    } catch (EngineUnavailableException | InterruptedException failure) {
      int code = signalled();
      if (code != ExitCodes.OK) {
        return code;
      }
      throw failure;
    } finally {
      guardian.join().ifPresent(Guardian::dismiss);
    }
  }

  private static void inBackground(Runnable task) {
    Thread thread = new Thread(task, "holdfast-guardian");
    thread.setDaemon(true);
    thread.start();
  }

  private Optional<Hold> take(Holdfast locks) throws InterruptedException {
    if (limits.patience() != null && limits.patience().isZero()) {
      return work.mode().take(locks, work.name(), limits.patience());
    }
    WaitDisplay display =
        WaitDisplay.start(locks.inspector(), work.name(), voice, this::waitsForItself);
    try (display) {
      return work.mode().take(locks, work.name(), limits.patience());
    } catch (InterruptedException interrupted) {
      throw explained(interrupted);
    }
  }

  private synchronized InterruptedException explained(InterruptedException interrupted) {
    if (selfWait != null) {
      throw new ExitException(ExitCodes.FAILED, selfWait);
    }
    return interrupted;
  }

  private synchronized void waitsForItself(String message) {
    selfWait = message;
    runner.interrupt();
  }

  /** A signal came: the command has it, if there is one yet; otherwise the wait is over. */
  private synchronized void heard(String name) {
    if (child == null) {
      signal = name;
      runner.interrupt();
    } else if (!name.equals("INT") || !Console.isTerminal(0)) {
      // Ctrl-C on a terminal reaches the command directly; twice would mean "at once" to many.
      child.signal(name);
    }
  }

  /** The exit code for the signal that ended the wait; OK if none did. */
  private synchronized int signalled() {
    return signal == null ? ExitCodes.OK : Signals.exitCode(signal);
  }

  private int notGranted(Holdfast locks) {
    List<LockReport> found = List.of();
    try {
      found = locks.inspector().explain(work.name()).stream().toList();
    } catch (EngineUnavailableException unknown) {
      voice.tell(String.valueOf(unknown.getMessage()));
    }
    voice.refused(work.name(), found);
    return conflictCode;
  }

  private int hold(Hold hold, Optional<Guardian> guardian) throws InterruptedException {
    voice.acquired(hold);
    if (guardian.isEmpty()) {
      voice.tell(
          "there is no /bin/sh to end the command if this process is killed; use the fencing token");
    }
    Child started = start(hold, guardian);
    if (started == null) {
      hold.close();
      return signalled();
    }
    hold.onLost(
        lost -> {
          loss = lost;
          started.kill();
          voice.lost(lost);
        });
    int code = finish(started);
    return hold.release() == Hold.Release.RELEASED ? code : lost(hold);
  }

  private synchronized @Nullable Child start(Hold hold, Optional<Guardian> guardian) {
    if (signal != null) {
      // What is done from here on must not be interrupted again.
      Thread.interrupted();
      return null;
    }
    Map<String, String> variables = new HashMap<>();
    variables.put("HOLDFAST_LOCK", work.name());
    if (work.mode().isOrdered()) {
      variables.put("HOLDFAST_TOKEN", Long.toString(hold.token()));
    }
    child = Child.start(work.command(), variables, guardian.orElse(null));
    return child;
  }

  private int finish(Child started) throws InterruptedException {
    if (limits.maxHold() == null || started.endsWithin(limits.maxHold())) {
      return started.waitFor();
    }
    voice.tell(
        work.name()
            + " was held for "
            + DurationText.of(limits.maxHold())
            + ": ending the command");
    started.signal("TERM");
    if (!started.endsWithin(limits.killAfter())) {
      started.kill();
    }
    started.waitFor();
    return ExitCodes.TIMED_OUT;
  }

  /** The command has ended by itself before it could be killed, or was. */
  private int lost(Hold hold) {
    if (!Clock.await(TELLING_LIMIT, () -> loss != null)) {
      voice.tell(
          "lost lock " + hold.name() + "; what the command did last may be in vain: check it");
    }
    return ExitCodes.LOST;
  }
}
