package io.holdfast.zookeeper;

import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.zookeeper.RecordNode.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.OpResult.SetDataResult;
import org.apache.zookeeper.data.Stat;

/** Records: two znodes each, changed together. Thread-safe. */
final class Records {

  // The version of a record is the zxid of the write that stored it (mzxid). ZooKeeper compares
  // data versions, which begin at 0 again when a node is deleted and made anew, as records are all
  // the time: a late deletion of "version 0" would delete the next holder's record. Therefore each
  // life of a record has a mark, a child node whose name is never used again: the zxid that this
  // store drew when it opened, and a counter. The mark's name stands in the record's node.
  //
  //   make     create NODE, create NODE/MARK       fails if there is any record of that name
  //   replace  check NODE/MARK, set NODE if its data version is d
  //   delete   delete NODE/MARK, delete NODE if its data version is d
  //
  // each in one transaction. Proof that this is compare-and-set on the zxid:
  //   1. NODE and its MARK are made together and deleted together, so while NODE exists it has one
  //      mark, and NODE/MARK exists exactly during the one life that it was made for.
  //   2. Within a life the data version counts the writes: (MARK, d) names one write of the
  //      ensemble's history, as its zxid does.
  //   3. `known` pairs a zxid with the (MARK, d) that was read or written with it; a pair never
  //      becomes wrong. If the pair of the expected zxid is not known, the record is read first.
  // So a transaction takes effect exactly if the last write of NODE is the expected one. Zxids
  // grow with every transaction of the ensemble, so they grow across deletion too.
  //
  // A transaction that makes nodes does not tell its zxid; one that sets content does. Hence the
  // third part of `make`, which sets the mark's empty content.
  //
  // Reads follow a sync. That is as of now unless the server belongs to a leader that has been cut
  // off from its quorum and has not noticed yet (syncLimit, some seconds). Then a read may be old;
  // but whatever is done about it is a transaction, and that needs the quorum.

  /** What a server takes unless told otherwise is 1,048,575 bytes for all of a request. */
  static final int MAX_BYTES = 1_000_000;

  private static final int KNOWN = 1 << 16;
  private static final byte[] EMPTY = {};

  /** In this many parts of a transaction, wake-ups come with a write. */
  private static final int MAX_WAKE = 64;

  /** Which write a zxid is. */
  private record Known(long zxid, Mark mark, int dataVersion) {}

  private final Supplier<Wire> wire;
  private final Layout layout;
  private final long writer;
  private final AtomicLong marks = new AtomicLong();
  private final Recent<String, Known> known = new Recent<>(KNOWN);

  /**
   * The records of a space.
   *
   * @param wire the session to use; throws if there is none
   * @param writer a zxid that no other store has been given
   */
  Records(Supplier<Wire> wire, Layout layout, long writer) {
    this.wire = wire;
    this.layout = layout;
    this.writer = writer;
  }

  CompletionStage<Stored> read(String name) {
    return read(wire.get(), name);
  }

  private CompletableFuture<Stored> read(Wire session, String name) {
    String path = layout.record(name);
    CompletableFuture<Wire.Answer> synced = session.sync(path);
    return session
        .get(path)
        .thenCombine(synced, (found, ready) -> ready.ok() ? stored(name, found) : unsynced());
  }

  private static Stored unsynced() {
    throw new IllegalStateException("a sync has no answer but OK");
  }

  private Stored stored(String name, Wire.Answer found) {
    byte[] bytes = found.bytes();
    Stat stat = found.stat();
    if (bytes == null || stat == null) {
      known.remove(name);
      return Stored.ABSENT;
    }
    RecordNode node = RecordNode.decode(name, bytes);
    return stored(name, new Known(stat.getMzxid(), node.mark(), stat.getVersion()), node.bytes());
  }

  private Stored stored(String name, Known write, byte[] bytes) {
    known.put(name, write);
    return new Stored(Zxid.version(write.zxid()), bytes);
  }

  CompletionStage<Outcome> compareAndSet(Write write) {
    byte[] bytes = write.bytes();
    if (bytes != null && bytes.length > MAX_BYTES) {
      throw Failures.tooLarge(write.name(), bytes.length, MAX_BYTES);
    }
    Wire session = wire.get();
    if (write.expected() == 0) {
      return bytes == null ? absent(session, write.name()) : make(session, write, bytes);
    }
    Known expected = known.get(write.name());
    return expected != null && expected.zxid() == write.expected()
        ? replace(session, write, expected)
        : recall(session, write);
  }

  /** "No record" is to be replaced by "no record". */
  private CompletionStage<Outcome> absent(Wire session, String name) {
    return read(session, name).thenApply(found -> new Outcome(found.bytes() == null, found));
  }

  /** The expected version is no longer known here. */
  private CompletionStage<Outcome> recall(Wire session, Write write) {
    return read(session, write.name())
        .thenCompose(
            found -> {
              Known now = known.get(write.name());
              return found.version() == write.expected() && now != null
                  ? replace(session, write, now)
                  : CompletableFuture.completedFuture(new Outcome(false, found));
            });
  }

  private CompletionStage<Outcome> make(Wire session, Write write, byte[] bytes) {
    Mark mark = new Mark(writer, marks.incrementAndGet());
    String path = layout.record(write.name());
    String markPath = path + "/" + mark;
    List<Op> parts = new ArrayList<>();
    byte[] node = new RecordNode(mark, bytes).encode();
    parts.add(Op.create(path, node, session.acl(), CreateMode.PERSISTENT));
    parts.add(Op.create(markPath, EMPTY, session.acl(), CreateMode.PERSISTENT));
    parts.add(Op.setData(markPath, EMPTY, -1));
    return carryOut(
        session,
        new Attempt(
            write,
            parts,
            write.wake(),
            results -> {
              long zxid = stat(results.get(2)).getMzxid();
              return stored(write.name(), new Known(zxid, mark, 0), bytes);
            }));
  }

  private CompletionStage<Outcome> replace(Wire session, Write write, Known expected) {
    String path = layout.record(write.name());
    String markPath = path + "/" + expected.mark();
    byte[] bytes = write.bytes();
    List<Op> parts = new ArrayList<>();
    if (bytes == null) {
      parts.add(Op.delete(markPath, -1));
      parts.add(Op.delete(path, expected.dataVersion()));
      return carryOut(
          session,
          new Attempt(
              write,
              parts,
              write.wake(),
              results -> {
                known.remove(write.name());
                return Stored.ABSENT;
              }));
    }
    byte[] node = new RecordNode(expected.mark(), bytes).encode();
    parts.add(Op.check(markPath, -1));
    parts.add(Op.setData(path, node, expected.dataVersion()));
    return carryOut(
        session,
        new Attempt(
            write,
            parts,
            write.wake(),
            results -> {
              Stat stat = stat(results.get(1));
              Known now = new Known(stat.getMzxid(), expected.mark(), stat.getVersion());
              return stored(write.name(), now, bytes);
            }));
  }

  private static Stat stat(OpResult part) {
    return ((SetDataResult) part).getStat();
  }

  /** What a transaction has stored. */
  @FunctionalInterface
  private interface Reading {

    Stored of(List<OpResult> results);
  }

  /**
   * A transaction.
   *
   * @param parts what it does to the record
   * @param wake whom it wakes besides
   */
  private record Attempt(Write write, List<Op> parts, Set<Long> wake, Reading reading) {

    Attempt silently() {
      return new Attempt(write, parts, Set.of(), reading);
    }
  }

  private CompletionStage<Outcome> carryOut(Wire session, Attempt attempt) {
    Set<Long> wake = attempt.wake();
    String name = attempt.write().name();
    List<Op> all = new ArrayList<>(attempt.parts());
    if (wake.size() <= MAX_WAKE) {
      all.addAll(Mailboxes.wake(layout, session.acl(), wake, name));
    }
    return session
        .multi(all)
        .thenCompose(
            results -> {
              if (results.ok()) {
                if (wake.size() > MAX_WAKE) {
                  Mailboxes.wakeMany(session, layout, wake, name);
                }
                Stored now = attempt.reading().of(results.results());
                return CompletableFuture.completedFuture(new Outcome(true, now));
              }
              if (results.failed() >= attempt.parts().size()) {
                // The mailboxes' directory is gone. A wake-up may be lost, a write may not.
                return carryOut(session, attempt.silently());
              }
              return inTheWay(session, attempt.write(), results);
            });
  }

  private CompletionStage<Outcome> inTheWay(Wire session, Write write, Wire.Results results) {
    boolean noDirectory =
        results.code() == Code.NONODE && results.failed() == 0 && write.expected() == 0;
    if (noDirectory) {
      throw Failures.unavailable(
          layout.records(),
          "somebody has deleted the node; opening a session makes it again",
          null);
    }
    // The transaction was refused by the quorum, and this server knows why: no sync is needed.
    return session
        .get(layout.record(write.name()))
        .thenApply(found -> new Outcome(false, stored(write.name(), found)));
  }

  CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    Wire session = wire.get();
    CompletableFuture<Wire.Answer> synced = session.sync(layout.records());
    return session
        .children(layout.records())
        .thenCombine(synced, (names, ready) -> wanted(names, prefix, after))
        .thenCompose(names -> fill(session, names, limit, List.of()));
  }

  private static List<String> wanted(List<String> nodes, String prefix, String after) {
    return nodes.stream()
        .map(NodeName::read)
        .flatMap(Optional::stream)
        .filter(name -> name.startsWith(prefix) && name.compareTo(after) > 0)
        .sorted()
        .toList();
  }

  /** Reads records until there are enough: those deleted meanwhile make room for the next. */
  private CompletionStage<List<Entry>> fill(
      Wire session, List<String> names, int limit, List<Entry> before) {
    int take = Math.min(limit - before.size(), names.size());
    if (take == 0) {
      return CompletableFuture.completedFuture(before);
    }
    List<String> now = names.subList(0, take);
    CompletableFuture<List<Entry>> all = CompletableFuture.completedFuture(new ArrayList<>(before));
    for (String name : now) {
      all =
          all.thenCombine(
              session.get(layout.record(name)),
              (entries, found) -> {
                Stored stored = stored(name, found);
                if (stored.bytes() != null) {
                  entries.add(new Entry(name, stored));
                }
                return entries;
              });
    }
    return all.thenCompose(
        entries -> fill(session, names.subList(take, names.size()), limit, entries));
  }

  /** For tests: forgets which write is which zxid. */
  void forgetAll() {
    known.clear();
  }
}
