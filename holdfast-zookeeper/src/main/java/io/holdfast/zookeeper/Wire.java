package io.holdfast.zookeeper;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * The calls to one ZooKeeper session. Requests reach the server in the order in which one thread
 * makes them, and are carried out in that order. Thread-safe; no call blocks.
 *
 * <p>Codes that tell about the tree are answers. All others are failures: {@link
 * io.holdfast.EngineUnavailableException} or, after a change that was sent, {@link
 * io.holdfast.OutcomeUnknownException}.
 */
final class Wire {

  // Not Curator's builders, although the session is Curator's: they keep what is asked for while
  // there is no connection and send it later, in an order of their own. Here a read must follow
  // its sync on the same session, and what cannot be sent now must fail now.

  /**
   * An answer about one node.
   *
   * @param code OK, or what stood in the way
   * @param bytes the content, if that was asked for and is there
   * @param stat what the node is like after the call, if it is there
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody, and never copied on the way.
  record Answer(Code code, byte @Nullable [] bytes, @Nullable Stat stat) {

    boolean ok() {
      return code == Code.OK;
    }

    /** Whether there is no such node. */
    boolean absent() {
      return code == Code.NONODE;
    }
  }

  /**
   * An answer to a transaction.
   *
   * @param code OK, or what stood in the way of all of it
   * @param results of each part, if OK
   * @param failed which part was in the way, if not OK
   */
  record Results(Code code, List<OpResult> results, int failed) {

    boolean ok() {
      return code == Code.OK;
    }
  }

  private final ZooKeeper zooKeeper;
  private final List<ACL> acl;
  private final Object where;

  /**
   * The calls to a session.
   *
   * @param acl of the nodes that are made
   * @param where for messages
   */
  Wire(ZooKeeper zooKeeper, List<ACL> acl, Object where) {
    this.zooKeeper = zooKeeper;
    this.acl = acl;
    this.where = where;
  }

  /** Whether the calls go to this session. */
  boolean isOf(ZooKeeper other) {
    return zooKeeper == other;
  }

  /** Whether the session may still live; once false for ever false. */
  boolean isAlive() {
    return zooKeeper.getState().isAlive();
  }

  List<ACL> acl() {
    return acl;
  }

  /** What the server has granted; 0 before it has. */
  int sessionTimeoutMillis() {
    return zooKeeper.getSessionTimeout();
  }

  /** Reads a node as the server of this connection knows it: maybe an old state. */
  CompletableFuture<Answer> get(String path) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    zooKeeper.getData(
        path,
        false,
        (rc, p, context, bytes, stat) ->
            settle(answer, this::reading, new Answer(code(rc), bytes, stat)),
        null);
    return answer;
  }

  /** The names of the nodes below one, as the server of this connection knows them. */
  CompletableFuture<List<String>> children(String path) {
    CompletableFuture<List<String>> answer = new CompletableFuture<>();
    zooKeeper.getChildren(
        path,
        false,
        (rc, p, context, children) -> {
          Code code = code(rc);
          if (code == Code.OK || code == Code.NONODE) {
            answer.complete(code == Code.OK ? children : List.of());
          } else {
            answer.completeExceptionally(reading(code));
          }
        },
        null);
    return answer;
  }

  /** Lets the server of this connection learn what the leader knows before it reads on. */
  CompletableFuture<Answer> sync(String path) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    zooKeeper.sync(
        path,
        (rc, p, context) -> settle(answer, this::reading, new Answer(code(rc), null, null)),
        null);
    return answer;
  }

  CompletableFuture<Answer> set(String path, byte[] bytes, int version) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    zooKeeper.setData(
        path,
        bytes,
        version,
        (rc, p, context, stat) -> settle(answer, this::changing, new Answer(code(rc), null, stat)),
        null);
    return answer;
  }

  CompletableFuture<Answer> create(String path, byte[] bytes, CreateMode mode) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    zooKeeper.create(
        path,
        bytes,
        acl,
        mode,
        (rc, p, context, name, stat) ->
            settle(answer, this::changing, new Answer(code(rc), null, stat)),
        null);
    return answer;
  }

  CompletableFuture<Answer> delete(String path, int version) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    zooKeeper.delete(
        path,
        version,
        (rc, p, context) -> settle(answer, this::changing, new Answer(code(rc), null, null)),
        null);
    return answer;
  }

  /** Carries out all or nothing, as one change with one zxid. */
  CompletableFuture<Results> multi(List<Op> parts) {
    CompletableFuture<Results> answer = new CompletableFuture<>();
    zooKeeper.multi(
        parts,
        (rc, p, context, results) -> {
          Code code = code(rc);
          if (code == Code.OK) {
            answer.complete(new Results(code, results, -1));
          } else if (tellsOfTheTree(code) && results != null) {
            answer.complete(new Results(code, List.of(), firstFailed(results)));
          } else {
            answer.completeExceptionally(changing(code));
          }
        },
        null);
    return answer;
  }

  private static int firstFailed(List<OpResult> results) {
    int failed = 0;
    while (failed < results.size() - 1
        && results.get(failed) instanceof OpResult.ErrorResult part
        && part.getErr() == Code.OK.intValue()) {
      failed++;
    }
    return failed;
  }

  /** Hears of everything that happens at a path and below, until {@link #unwatch}. */
  CompletableFuture<Answer> watch(String path, Watcher watcher) {
    CompletableFuture<Answer> answer = new CompletableFuture<>();
    zooKeeper.addWatch(
        path,
        watcher,
        AddWatchMode.PERSISTENT_RECURSIVE,
        (rc, p, context) -> settle(answer, this::reading, new Answer(code(rc), null, null)),
        null);
    return answer;
  }

  /** Stops a watch. Nobody waits for it: without a connection there is nothing to stop. */
  void unwatch(String path, Watcher watcher) {
    zooKeeper.removeWatches(
        path, watcher, Watcher.WatcherType.Any, true, (rc, p, context) -> {}, null);
  }

  private void settle(
      CompletableFuture<Answer> answer, Function<Code, RuntimeException> failure, Answer told) {
    if (told.ok() || tellsOfTheTree(told.code())) {
      answer.complete(told);
    } else {
      answer.completeExceptionally(failure.apply(told.code()));
    }
  }

  private static Code code(int rc) {
    Code code = Code.get(rc);
    return code == null ? Code.SYSTEMERROR : code;
  }

  private static boolean tellsOfTheTree(Code code) {
    return switch (code) {
      case NONODE, NODEEXISTS, BADVERSION, NOTEMPTY -> true;
      default -> false;
    };
  }

  private RuntimeException reading(Code code) {
    return Failures.reading(where, code);
  }

  private RuntimeException changing(Code code) {
    return Failures.changing(where, code);
  }
}
