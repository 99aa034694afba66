package io.holdfast.sim;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.Calls;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Messages between machines. They take time, come out of order, are lost, come twice or much later,
 * and do not pass where the network is cut, which it may be in one direction only.
 */
final class Network {

  /**
   * How bad the network is; probabilities per message.
   *
   * @param loss a message never arrives
   * @param repeat it arrives once more, later
   * @param late it takes seconds
   * @param refuse a call is refused before anything was sent
   * @param hang a call that is not answered never says so
   */
  record Quality(double loss, double repeat, double late, double refuse, double hang) {

    static final Quality GOOD = new Quality(0, 0, 0, 0, 0);
  }

  /** The way from one machine to another. */
  record Link(Machine from, Machine to) {

    Link back() {
      return new Link(to, from);
    }
  }

  /** What calls that renew a session are named. */
  static final String RENEWAL = "renew";

  private static final long MICROSECOND = 1_000;
  private static final long MILLISECOND = 1_000_000;

  private final Simulator simulator;
  private final Coverage coverage;
  private final Set<Link> cut = new HashSet<>();
  private final Map<Machine, Runnable> ambushes = new HashMap<>();
  private final long usualNanos;
  private Quality quality = Quality.GOOD;

  /**
   * A good network.
   *
   * @param usualNanos how long a message takes on average
   */
  Network(Simulator simulator, Coverage coverage, long usualNanos) {
    this.simulator = simulator;
    this.coverage = coverage;
    this.usualNanos = usualNanos;
  }

  void quality(Quality next) {
    quality = next;
  }

  /** Cuts one direction. */
  void cut(Machine from, Machine to) {
    cut.add(new Link(from, to));
  }

  /** Mends one direction. */
  void mend(Machine from, Machine to) {
    cut.remove(new Link(from, to));
  }

  /** Does something once, right after a machine has sent its next renewal. */
  void ambush(Machine from, Runnable action) {
    ambushes.put(from, action);
  }

  /** A time after which a message sent now might arrive. */
  long delay() {
    if (simulator.chance(quality.late())) {
      coverage.count("fault: message late");
      return simulator.between(100 * MILLISECOND, 5_000 * MILLISECOND);
    }
    return simulator.between(10 * MICROSECOND, 2 * usualNanos);
  }

  /**
   * Sends a message.
   *
   * @param notBefore the true time before which it must not arrive, to keep an order
   * @return when it arrives, if it does
   */
  long send(Link link, String what, Runnable delivery, long notBefore) {
    long due = Math.max(notBefore, simulator.now() + delay());
    if (!link.from().isUp()) {
      return due;
    }
    if (cut.contains(link) || simulator.chance(quality.loss())) {
      coverage.count("fault: message lost");
      simulator.note("lost", what.hashCode());
      return due;
    }
    deliver(due, link.to(), what, delivery);
    if (simulator.chance(quality.repeat())) {
      coverage.count("fault: message repeated");
      deliver(due + simulator.between(0, 3_000 * MILLISECOND), link.to(), what, delivery);
    }
    return due;
  }

  private void deliver(long due, Machine to, String what, Runnable delivery) {
    int life = to.life();
    simulator.at(due, what, () -> to.runOrDefer(life, what, delivery));
  }

  /**
   * Calls another machine. What is not answered within a while fails with {@link
   * OutcomeUnknownException}, or hangs for ever. A call may arrive long after that, and as long as
   * it is not answered also twice.
   *
   * @param work done by the other machine
   * @param notBefore the true time before which it must not be done
   */
  <T> Call<T> call(Link link, String what, Supplier<CompletionStage<T>> work, long notBefore) {
    Machine from = link.from();
    CompletableFuture<T> answer = new CompletableFuture<>();
    if (simulator.chance(quality.refuse())) {
      coverage.count("fault: call refused");
      from.after(delay(), "refused", () -> refuse(answer));
      return new Call<>(answer, simulator.now());
    }
    int life = from.life();
    AtomicBoolean replied = new AtomicBoolean();
    Runnable request =
        () -> {
          if (!replied.get()) {
            work.get()
                .whenComplete(
                    (value, failure) -> {
                      if (from.life() == life) {
                        Runnable reply = () -> reply(replied, answer, value, failure);
                        send(link.back(), "reply", reply, 0);
                      }
                    });
          }
        };
    long arrival = send(link, what, request, notBefore);
    Runnable ambush = what.equals(RENEWAL) ? ambushes.remove(from) : null;
    if (ambush != null) {
      ambush.run();
    }
    if (!simulator.chance(quality.hang())) {
      from.after(simulator.between(300, 2_000) * MILLISECOND, "unanswered", () -> doubt(answer));
    }
    return new Call<>(answer, arrival);
  }

  private static <T> void reply(
      AtomicBoolean replied,
      CompletableFuture<T> answer,
      @Nullable T value,
      @Nullable Throwable failure) {
    replied.set(true);
    if (failure != null) {
      answer.completeExceptionally(Calls.cause(failure));
    } else {
      answer.complete(value);
    }
  }

  private static void refuse(CompletableFuture<?> answer) {
    answer.completeExceptionally(
        new EngineUnavailableException("the simulated network refuses; try again"));
  }

  private void doubt(CompletableFuture<?> answer) {
    if (!answer.isDone()) {
      coverage.count("fault: call unanswered");
      answer.completeExceptionally(
          new OutcomeUnknownException("the simulated network has not answered; send it again"));
    }
  }

  /**
   * A call that was sent.
   *
   * @param answer of the other machine
   * @param arrival when it arrives there, by the true clock
   */
  record Call<T>(CompletableFuture<T> answer, long arrival) {}
}
