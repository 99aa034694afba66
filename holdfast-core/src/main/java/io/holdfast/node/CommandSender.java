package io.holdfast.node;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Calls;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionEndedException;
import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import java.time.Duration;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends commands until they are answered. Commands are idempotent per request, so a failed,
 * unanswered or doubtful one is simply sent again, with growing pauses, for as long as its session
 * lives and its sender wants it. Thread-safe.
 */
final class CommandSender {

  private static final long FIRST_PAUSE_NANOS = Duration.ofMillis(20).toNanos();
  private static final long LONGEST_PAUSE_NANOS = Duration.ofSeconds(1).toNanos();

  /** After how long without an answer a command is sent again. */
  private static final long ANSWER_NANOS = Duration.ofSeconds(2).toNanos();

  private static final long LEAST_PATIENCE_NANOS = Duration.ofMillis(40).toNanos();
  private static final long LEAST_SLICE_NANOS = Duration.ofMillis(1).toNanos();
  private static final long LARGEST_SLICE_NANOS = Duration.ofMillis(20).toNanos();

  /** What the sender of a command wants to hear. Called once at most, but for {@code onTrouble}. */
  interface Receiver {

    /** Whether the command still makes sense; asked before each repetition. */
    boolean wanted();

    void onReply(Reply reply);

    /** An attempt failed and will be repeated. */
    void onTrouble(Throwable trouble);

    /** The command failed in a way that repetition does not mend. */
    void onFailure(RuntimeException failure);
  }

  private final Environment environment;
  private final Consumer<EngineSession> onSessionEnded;
  private final Set<Sending> unanswered = ConcurrentHashMap.newKeySet();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicBoolean sweeping = new AtomicBoolean();

  /** Moving average of the time from command to answer; races only blur it. */
  private volatile long roundTripNanos = LEAST_SLICE_NANOS / 9;

  /**
   * A sender.
   *
   * @param onSessionEnded told when an answer says that a session is gone
   */
  CommandSender(Environment environment, Consumer<EngineSession> onSessionEnded) {
    this.environment = environment;
    this.onSessionEnded = onSessionEnded;
  }

  /** Sends a command whose answer matters. */
  void send(EngineSession session, String name, Command command, Receiver receiver) {
    new Sending(session, name, command, receiver).attempt();
  }

  /** Sends a command that must take effect, and whose answer does not matter. */
  void sendAndForget(EngineSession session, String name, Command command) {
    send(session, name, command, Indifferent.INSTANCE);
  }

  /**
   * For how long a node may go on handing a revoked lock to its own threads: nine typical round
   * trips, so that a hand-off to another node costs a tenth of the time at most, from 1 to 20 ms.
   */
  long timeSliceNanos() {
    return Math.max(LEAST_SLICE_NANOS, Math.min(LARGEST_SLICE_NANOS, 9 * roundTripNanos));
  }

  /** Whether an answer takes longer than usual, so that it explains a wait in vain. */
  boolean isOverdue(long askedAt) {
    return environment.ticker().nanoTime() - askedAt >= patienceNanos();
  }

  /** How long an answer may take before it is missed. */
  long patienceNanos() {
    return Math.max(LEAST_PATIENCE_NANOS, 10 * roundTripNanos);
  }

  private void sweepLater() {
    if (sweeping.compareAndSet(false, true)) {
      environment.scheduler().schedule(this::sweep, Duration.ofNanos(ANSWER_NANOS / 2));
    }
  }

  private void sweep() {
    sweeping.set(false);
    long now = environment.ticker().nanoTime();
    // In the order of submission, which the engine keeps for each name.
    unanswered.stream()
        .sorted(Comparator.comparingLong(sending -> sending.number))
        .forEach(sending -> sending.repeatIfUnanswered(now));
    if (!unanswered.isEmpty()) {
      sweepLater();
    }
  }

  private enum Indifferent implements Receiver {
    INSTANCE;

    @Override
    public boolean wanted() {
      return true;
    }

    @Override
    public void onReply(Reply reply) {}

    @Override
    public void onTrouble(Throwable trouble) {}

    @Override
    public void onFailure(RuntimeException failure) {}
  }

  private final class Sending {
    private final EngineSession session;
    private final String name;
    private final Command command;
    private final Receiver receiver;
    private final long number = sent.incrementAndGet();
    private final AtomicBoolean answered = new AtomicBoolean();
    private final AtomicBoolean waiting = new AtomicBoolean();
    private volatile long sentAt;
    private final AtomicInteger attempts = new AtomicInteger();

    Sending(EngineSession session, String name, Command command, Receiver receiver) {
      this.session = session;
      this.name = name;
      this.command = command;
      this.receiver = receiver;
    }

    void attempt() {
      if (answered.get()) {
        return;
      }
      if (attempts.get() > 0 && !receiver.wanted()) {
        finish();
        return;
      }
      attempts.incrementAndGet();
      sentAt = environment.ticker().nanoTime();
      unanswered.add(this);
      Calls.call(() -> session.submit(name, command)).whenComplete(this::completed);
      if (!answered.get()) {
        sweepLater();
      }
    }

    private void completed(@Nullable Reply reply, @Nullable Throwable problem) {
      if (reply != null) {
        if (finish()) {
          long took = environment.ticker().nanoTime() - sentAt;
          long average = roundTripNanos;
          roundTripNanos = average + (took - average) / 8;
          receiver.onReply(reply);
        } else if (reply instanceof Reply.Granted && command instanceof Command.Acquire) {
          // The answer to a repetition says more than the first one, which was "queued".
          receiver.onReply(reply);
        }
        return;
      }
      Throwable cause = problem == null ? null : Calls.cause(problem);
      if (cause instanceof SessionEndedException) {
        if (finish()) {
          onSessionEnded.accept(session);
        }
      } else if (cause instanceof EngineUnavailableException
          || cause instanceof OutcomeUnknownException) {
        receiver.onTrouble(cause);
        tryAgainLater();
      } else if (finish()) {
        receiver.onFailure(
            cause instanceof RuntimeException unchecked
                ? unchecked
                : new IllegalStateException("the engine failed on lock " + name, cause));
      }
    }

    /** Several attempts may be out and fail; one repetition is enough for all of them. */
    private void tryAgainLater() {
      if (waiting.compareAndSet(false, true)) {
        Runnable again =
            () -> {
              waiting.set(false);
              attempt();
            };
        environment.scheduler().schedule(again, Duration.ofNanos(pause()));
      }
    }

    /**
     * Doubles with each attempt; jitter keeps nodes that failed together from retrying together.
     */
    private long pause() {
      long longest = FIRST_PAUSE_NANOS << Math.min(attempts.get(), 10);
      long bounded = Math.min(longest, LONGEST_PAUSE_NANOS);
      return bounded / 2 + environment.random().nextLong(bounded / 2);
    }

    void repeatIfUnanswered(long now) {
      if (now - sentAt > ANSWER_NANOS * Math.min(attempts.get(), 5)) {
        attempt();
      }
    }

    private boolean finish() {
      unanswered.remove(this);
      return answered.compareAndSet(false, true);
    }
  }
}
