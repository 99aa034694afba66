package io.holdfast.tck;

import io.holdfast.engine.SessionListener;
import io.holdfast.rules.Event;
import io.holdfast.rules.RequestId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/** Writes down what a session hears. */
final class Recorder implements SessionListener {

  /**
   * An event that was heard.
   *
   * @param name the lock
   * @param event what
   * @param nanos when, on the monotonic clock
   */
  record Heard(String name, Event event, long nanos) {}

  private record Expectation(Predicate<Event> fits, CompletableFuture<Heard> heard) {}

  private final LongSupplier clock;
  private final AtomicInteger inside = new AtomicInteger();
  private final Map<RequestId, List<Heard>> heard = new HashMap<>();
  private final List<Expectation> expected = new ArrayList<>();
  private volatile boolean overlapped;
  private int expired;

  Recorder(LongSupplier clock) {
    this.clock = clock;
  }

  @Override
  public void onEvent(String name, Event event) {
    enter();
    Heard now = new Heard(name, event, clock.getAsLong());
    List<Expectation> met = new ArrayList<>();
    synchronized (this) {
      heard.computeIfAbsent(event.request(), request -> new ArrayList<>()).add(now);
      for (Expectation one : List.copyOf(expected)) {
        if (one.fits().test(event)) {
          expected.remove(one);
          met.add(one);
        }
      }
    }
    met.forEach(one -> one.heard().complete(now));
    inside.decrementAndGet();
  }

  @Override
  public void onExpired() {
    enter();
    synchronized (this) {
      expired++;
    }
    inside.decrementAndGet();
  }

  private void enter() {
    if (inside.incrementAndGet() > 1) {
      overlapped = true;
    }
  }

  /** Whether two calls were ever in progress at once. */
  boolean overlapped() {
    return overlapped;
  }

  /** How often the session was said to have expired. */
  synchronized int expired() {
    return expired;
  }

  /** The requests of which anything was heard. */
  synchronized Set<RequestId> requests() {
    return Set.copyOf(heard.keySet());
  }

  /** The first fitting event about a request so far. */
  synchronized Optional<Heard> find(RequestId request, Predicate<Event> fits) {
    return heard.getOrDefault(request, List.of()).stream()
        .filter(one -> fits.test(one.event()))
        .findFirst();
  }

  /** How many fitting events about a request have been heard. */
  synchronized int count(RequestId request, Predicate<Event> fits) {
    return (int)
        heard.getOrDefault(request, List.of()).stream()
            .filter(one -> fits.test(one.event()))
            .count();
  }

  /** The first fitting event about a request, once it is heard. */
  synchronized CompletionStage<Heard> first(RequestId request, Predicate<Event> fits) {
    CompletableFuture<Heard> first = new CompletableFuture<>();
    find(request, fits)
        .ifPresentOrElse(
            first::complete,
            () ->
                expected.add(
                    new Expectation(
                        event -> event.request().equals(request) && fits.test(event), first)));
    return first;
  }
}
