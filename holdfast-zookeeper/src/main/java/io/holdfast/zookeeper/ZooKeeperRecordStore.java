package io.holdfast.zookeeper;

import io.holdfast.engine.Calls;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A space in a ZooKeeper ensemble: {@link Records}, {@link Sessions} and {@link Mailboxes}. */
final class ZooKeeperRecordStore implements RecordStore {

  private static final Duration POLL_INTERVAL = Duration.ofMillis(250);
  private static final List<String> GUARANTEES =
      List.of(
          "holder is killed: its locks go to those who wait at most its TTL + 1 s later; where"
              + " nobody waited, at most its TTL * 1.1 + 1 tick of the servers later",
          "holder is paused or cut off: as if killed; its writes are refused by whoever checks the"
              + " fencing token",
          "leader is lost: what was answered is kept; no call succeeds until the quorum has elected"
              + " another leader, no session ends early, each lives at most one TTL longer",
          "quorum is lost: nothing is granted and nothing lost until it is back",
          "clock jumps: no effect, on the servers or here; only monotonic clocks are used",
          "ensemble is restored from a backup or wiped: tokens may go back; move to a new space"
              + " and reset the guarded resources",
          "tokens fit for 524,287 leader elections of the ensemble");

  private final Connections connections;
  private final Records records;
  private final Sessions sessions;
  private final Layout layout;

  private ZooKeeperRecordStore(
      Connections connections, Layout layout, Environment environment, long writer) {
    this.connections = connections;
    this.layout = layout;
    sessions = new Sessions(connections, layout, environment);
    records = new Records(() -> connections.main().wire(), layout, writer);
  }

  /**
   * Connects and makes the space.
   *
   * @throws io.holdfast.EngineUnavailableException if the ensemble cannot be used
   */
  static ZooKeeperRecordStore open(Location location, String space, Environment environment) {
    Layout layout = new Layout(location.chroot(), space);
    Connections connections = new Connections(location, environment);
    try {
      return connections
          .main()
          .connected()
          .thenCompose(wire -> Directories.make(wire, layout).thenApply(made -> wire))
          .thenCompose(wire -> wire.set(layout.sessions(), new byte[0], -1))
          .thenApply(
              drawn -> {
                long writer = Sessions.number(drawn, layout.sessions());
                return new ZooKeeperRecordStore(connections, layout, environment, writer);
              })
          .join();
    } catch (CompletionException failed) {
      connections.close();
      throw Calls.cause(failed) instanceof RuntimeException cause ? cause : failed;
    }
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return records.read(name);
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    return records.compareAndSet(write);
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    return records.list(prefix, after, limit);
  }

  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> onWake) {
    return sessions.open(terms, onWake);
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return sessions.renew(session);
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    return sessions.close(session);
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    return sessions.findDead(asked);
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    return sessions.describe(asked);
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return sessions.publish(session, report);
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    return sessions.published(asked);
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> asked, String name) {
    Mailboxes.wakeMany(connections.main().wire(), layout, asked, name);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public Duration pollInterval() {
    return POLL_INTERVAL;
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription("zookeeper", connections.at(layout.root()), GUARANTEES);
  }

  @Override
  public CompletionStage<List<Finding>> examine() {
    return new Examination(connections.main().wire(), layout).run();
  }

  /** For tests: as if all records had been used long ago. */
  void forgetAll() {
    records.forgetAll();
  }

  /** For tests: the connection of sessions of a TTL. */
  Connection connection(Duration ttl) {
    return connections.of(Sessions.timeout(ttl));
  }

  @Override
  public void close() {
    sessions.close();
    connections.close();
  }
}
