package io.holdfast.sim;

import io.holdfast.engine.EmbeddedEngine;
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
import io.holdfast.sim.Network.Link;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/**
 * The embedded engine on a machine of its own, reached over the network: what a server of one
 * replica would be. It keeps the contract of {@link Engine} over a network that keeps nothing:
 * commands about one name arrive in order, and an event that got lost is told again.
 */
final class SpaceServer implements Server {

  private static final long MILLISECOND = 1_000_000;

  private final Machine machine;
  private final Network network;
  private final RecordCheck check;
  private final EmbeddedEngine engine;

  /**
   * An empty space.
   *
   * @param name of the embedded engine, unique among the worlds of this JVM
   */
  SpaceServer(Machine machine, Network network, RecordCheck check, String name) {
    this.machine = machine;
    this.network = network;
    this.check = check;
    this.engine = EmbeddedEngine.open(name, "simulated", machine.environment());
  }

  @Override
  public Machine machine() {
    return machine;
  }

  @Override
  public Engine connect(Machine client) {
    return new RemoteEngine(client);
  }

  @Override
  public List<String> names() {
    return engine.list("", "", 1_000).toCompletableFuture().join().stream()
        .map(LockView::toString)
        .toList();
  }

  @Override
  public void close() {
    engine.close();
  }

  private void look(String name) {
    Optional<LockView> view = engine.read(name).toCompletableFuture().join();
    check.onChange(name, view.map(LockView::record).orElse(null));
  }

  /** What a client has instead of the engine. */
  private final class RemoteEngine implements Engine {
    private final Machine client;

    RemoteEngine(Machine client) {
      this.client = client;
    }

    private <T> CompletableFuture<T> call(String what, Supplier<CompletionStage<T>> work) {
      return network.call(new Link(client, machine), what, work, 0).answer();
    }

    @Override
    public CompletionStage<EngineSession> openSession(
        SessionTerms terms, SessionListener listener) {
      Mail mail = new Mail(client, listener);
      return call("open session", () -> engine.openSession(terms, mail))
          .thenApply(RemoteSession::new);
    }

    @Override
    public CompletionStage<Optional<LockView>> read(String name) {
      return call("read", () -> engine.read(name));
    }

    @Override
    public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
      return call("list", () -> engine.list(prefix, after, limit));
    }

    @Override
    public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
      return call("reports", () -> engine.reports(sessions));
    }

    @Override
    public Duration suspicion() {
      return engine.suspicion();
    }

    @Override
    public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
      return call("force release", () -> engine.forceRelease(name, grant, id));
    }

    @Override
    public EngineDescription description() {
      return engine.description();
    }

    @Override
    public void close() {}

    private final class RemoteSession implements EngineSession {
      private final EngineSession session;
      private final Map<String, Long> lastArrival = new HashMap<>();

      RemoteSession(EngineSession session) {
        this.session = session;
      }

      @Override
      public long id() {
        return session.id();
      }

      @Override
      public CompletionStage<Reply> submit(String name, Command command) {
        Network.Call<Reply> call =
            network.call(
                new Link(client, machine),
                "command",
                () -> {
                  // Whoever has expired is one step, and the command another.
                  look(name);
                  CompletionStage<Reply> reply = session.submit(name, command);
                  look(name);
                  return reply;
                },
                lastArrival.getOrDefault(name, 0L));
        lastArrival.merge(name, call.arrival(), Math::max);
        return call.answer();
      }

      @Override
      public CompletionStage<Void> renew() {
        return call(Network.RENEWAL, session::renew);
      }

      @Override
      public CompletionStage<Void> report(WaitReport report) {
        return call("report", () -> session.report(report));
      }

      @Override
      public void remind(String name, Set<Long> sessions) {
        network.send(new Link(client, machine), "remind", () -> session.remind(name, sessions), 0);
      }

      @Override
      public CompletionStage<Void> close() {
        return call("close session", session::close);
      }
    }
  }

  /** Brings what a session has to hear over the network, again and again until it arrives. */
  private final class Mail implements SessionListener {
    private final Machine client;
    private final int life;
    private final SessionListener listener;

    Mail(Machine client, SessionListener listener) {
      this.client = client;
      this.life = client.life();
      this.listener = listener;
    }

    @Override
    public void onEvent(String name, Event event) {
      bring(() -> listener.onEvent(name, event), new boolean[1]);
    }

    @Override
    public void onExpired() {
      bring(listener::onExpired, new boolean[1]);
    }

    private void bring(Runnable message, boolean[] arrived) {
      if (arrived[0] || client.life() != life) {
        return;
      }
      Runnable delivery =
          () -> {
            arrived[0] = true;
            message.run();
          };
      network.send(new Link(machine, client), "event", delivery, 0);
      machine.after(600 * MILLISECOND, "event again", () -> bring(message, arrived));
    }
  }
}
