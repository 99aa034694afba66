package io.holdfast.engine;

import io.holdfast.rules.Command;
import io.holdfast.rules.Reply;
import io.holdfast.rules.RequestId;
import io.holdfast.rules.SpaceCommand;
import io.holdfast.rules.SpaceReply;
import io.holdfast.rules.WaitReport;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Locks in the memory of this process: for one process, for tests and for trying out. Engines that
 * are open with the same name and space share their locks. Once the last of them is closed,
 * everything is forgotten. Thread-safe.
 *
 * <p>All stages are complete when they are returned. Listeners are called on the thread of whatever
 * caused the event, or on the scheduler.
 *
 * <p>Sessions are judged by the ticker of the engine that has had the space open for longest. Time
 * in which the whole process was paused does not count.
 */
public final class EmbeddedEngine implements Engine {

  /** The name of the space that is meant when none is given. */
  public static final String DEFAULT_NAME = "default";

  /** How many locks one {@link #list} may return. */
  private static final int LONGEST_PAGE = 1_000;

  private static final ReentrantLock REGISTRY = new ReentrantLock();

  /** The open spaces of this process; guarded by {@link #REGISTRY}. */
  private static final Map<Key, EmbeddedSpace> SPACES = new HashMap<>();

  private record Key(String name, String space) {}

  private final Key key;
  private final EmbeddedSpace space;
  private final Environment environment;

  private EmbeddedEngine(Key key, EmbeddedSpace space, Environment environment) {
    this.key = key;
    this.space = space;
    this.environment = environment;
  }

  /**
   * Opens an engine. Never fails.
   *
   * @param name engines with the same name and space share their locks
   * @param space the namespace of locks
   * @param environment clocks and scheduler; owned and closed by the caller, after the engine
   */
  public static EmbeddedEngine open(String name, String space, Environment environment) {
    Key key = new Key(name, space);
    REGISTRY.lock();
    try {
      EmbeddedSpace shared = SPACES.computeIfAbsent(key, absent -> new EmbeddedSpace(environment));
      EmbeddedEngine engine = new EmbeddedEngine(key, shared, environment);
      shared.join(engine);
      return engine;
    } finally {
      REGISTRY.unlock();
    }
  }

  @Override
  public CompletionStage<EngineSession> openSession(SessionTerms terms, SessionListener listener) {
    return Stages.of(() -> space.openSession(this, terms, listener));
  }

  @Override
  public CompletionStage<Optional<LockView>> read(String name) {
    return Stages.of(() -> space.read(this, name));
  }

  @Override
  public CompletionStage<List<LockView>> list(String prefix, String after, int limit) {
    return Stages.of(
        () -> {
          if (limit < 1 || limit > LONGEST_PAGE) {
            throw new IllegalArgumentException(
                "a page has 1 to " + LONGEST_PAGE + " locks, not " + limit + "; ask for less");
          }
          return space.list(this, prefix, after, limit);
        });
  }

  @Override
  public CompletionStage<Map<Long, WaitReport>> reports(Collection<Long> sessions) {
    return Stages.of(() -> space.reports(this, sessions));
  }

  @Override
  public CompletionStage<Boolean> forceRelease(String name, RequestId grant, long id) {
    return Stages.of(
        () -> {
          Command force = new Command.ForceRelease(grant, id);
          SpaceReply reply = space.operate(this, new SpaceCommand.OnLock(name, force));
          return reply instanceof SpaceReply.OfLock answer && answer.reply() instanceof Reply.Done;
        });
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription(
        "memory",
        "memory:" + key.name() + " (space " + key.space() + ")",
        List.of(
            "process ends or last client closes: all locks are forgotten",
            "process is paused: no session expires because of the pause",
            "wall clock jumps: no effect on sessions",
            "tokens: grow also across restarts, while the wall clock does not go back"));
  }

  @Override
  public void close() {
    REGISTRY.lock();
    try {
      if (space.leave(this)) {
        SPACES.remove(key, space);
      }
    } finally {
      REGISTRY.unlock();
    }
    space.deliver(this);
  }

  Environment environment() {
    return environment;
  }
}
