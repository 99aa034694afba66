package io.holdfast.node;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.EngineSession;
import io.holdfast.engine.LockView;
import io.holdfast.engine.SessionListener;
import io.holdfast.engine.SessionTerms;
import io.holdfast.rules.Command;
import io.holdfast.rules.Event;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.WaitReport;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An engine whose connection a test can cut in several ways, and whose traffic it can count. */
final class SwitchableEngine implements Engine {

  /** What happens to a call. */
  enum Link {
    UP,
    /** Fails at once, nothing happened. */
    REFUSED,
    /** Never answered, nothing happened. */
    HUNG,
    /** Takes effect and is never answered. */
    REPLY_LOST,
    /** Takes effect and is answered by {@link #answerHeld()}, or fails by {@link #failHeld()}. */
    REPLY_HELD
  }

  private final Engine real;
  private Runnable expiry = () -> {};
  Link link = Link.UP;
  boolean eventsLost;
  int renewals;

  /** Whether reports of waits stay on their way until {@link #passReports()}. */
  boolean reportsHeld;

  /** Whether events stay on their way until {@link #passEventsBackwards()}. */
  boolean eventsHeld;

  private final List<Event> eventsOnTheWay = new ArrayList<>();
  private final List<Runnable> deliveries = new ArrayList<>();
  private final List<Runnable> onTheWay = new ArrayList<>();
  private final List<CompletableFuture<@Nullable Void>> held = new ArrayList<>();
  final List<Command> commands = new ArrayList<>();

  SwitchableEngine(Engine real) {
    this.real = real;
  }

  /** Ends the session, and says so. */
  void expire() {
    expiry.run();
  }

  void answerHeld() {
    List.copyOf(held).forEach(answer -> answer.complete(null));
    held.clear();
  }

  void failHeld() {
    List.copyOf(held)
        .forEach(answer -> answer.completeExceptionally(new EngineUnavailableException("gone")));
    held.clear();
  }

  /** Lets the reports arrive that are on their way; later ones are held or not as before. */
  void passReports() {
    List<Runnable> arriving = List.copyOf(onTheWay);
    onTheWay.clear();
    arriving.forEach(Runnable::run);
  }

  /** The events that are on their way, the first one first. */
  List<Event> heldEvents() {
    return List.copyOf(eventsOnTheWay);
  }

  /** Lets the events arrive that are on their way, the last one first. */
  void passEventsBackwards() {
    eventsHeld = false;
    deliveries.forEach(Runnable::run);
    deliveries.clear();
    eventsOnTheWay.clear();
  }

  private <T> CompletionStage<T> call(Supplier<CompletionStage<T>> work) {
    return switch (link) {
      case UP -> work.get();
      case REFUSED ->
          CompletableFuture.failedFuture(new EngineUnavailableException("cut; join it again"));
      case HUNG -> new CompletableFuture<>();
      case REPLY_LOST -> work.get().thenCompose(lost -> new CompletableFuture<>());
      case REPLY_HELD -> {
        CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
        held.add(gate);
        yield work.get().thenCombine(gate, (answer, opened) -> answer);
      }
    };
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    SessionListener filtered =
        new SessionListener() {
          @Override
          public void onEvent(String name, Event event) {
            if (eventsHeld) {
              eventsOnTheWay.add(event);
              deliveries.add(0, () -> listener.onEvent(name, event));
            } else if (!eventsLost && link == Link.UP) {
              listener.onEvent(name, event);
            }
          }

          @Override
          public void onExpired() {
            if (link == Link.UP) {
              listener.onExpired();
            }
          }
        };
    return call(
        () -> real.openSession(terms, filtered).thenApply(session -> opened(session, filtered)));
  }

  private Session opened(EngineSession session, SessionListener listener) {
    expiry =
        () -> {
          session.close();
          listener.onExpired();
        };
    return new Session(session);
  }

  @Override
  public CompletionStage<Optional<LockView>> read(String name) {
    return real.read(name);
  }

  @Override
  public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
    return real.list(prefix, after, limit);
  }

  @Override
  public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
    return real.reports(sessions);
  }

  @Override
  public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
    return real.forceRelease(name, grant, id);
  }

  @Override
  public EngineDescription description() {
    return real.description();
  }

  @Override
  public void close() {
    real.close();
  }

  private final class Session implements EngineSession {
    private final EngineSession session;

    Session(EngineSession session) {
      this.session = session;
    }

    @Override
    public long id() {
      return session.id();
    }

    @Override
    public CompletionStage<Reply> submit(String name, Command command) {
      commands.add(command);
      return call(() -> session.submit(name, command));
    }

    @Override
    public CompletionStage<Void> renew() {
      renewals++;
      return call(session::renew);
    }

    @Override
    public CompletionStage<Void> report(WaitReport report) {
      if (!reportsHeld) {
        return call(() -> session.report(report));
      }
      CompletableFuture<Void> taken = new CompletableFuture<>();
      onTheWay.add(
          () -> {
            session.report(report).toCompletableFuture().join();
            taken.complete(null);
          });
      return taken;
    }

    @Override
    public void remind(String name, Set<Long> sessions) {
      session.remind(name, sessions);
    }

    @Override
    public CompletionStage<Void> close() {
      return call(session::close);
    }
  }
}
