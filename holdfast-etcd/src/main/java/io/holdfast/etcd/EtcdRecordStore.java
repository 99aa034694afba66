package io.holdfast.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Finding;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import io.holdfast.etcd.Client.Nature;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Records as keys; a version is the revision of the cluster at which the key was written. */
final class EtcdRecordStore implements RecordStore {

  // The revision counts the writes of the whole cluster. It grows with each of them, in all spaces
  // and beside them, survives deletion and change of leader, and is what etcd itself keeps with
  // every key. So a record needs no counter of its own, and a compare-and-set is one transaction:
  // compare the revision of the key; write, and wake whom it may concern; else read what is there.

  /** etcd looks for expired leases twice a second; with this, a waiter knows within the second. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(150);

  private static final long OPENING_SECONDS = 10;
  private static final long CLOSING_SECONDS = 2;

  private final EtcdOptions options;
  private final Keys keys;
  private final Client client;
  private final Sessions sessions;

  private EtcdRecordStore(EtcdOptions options, String space, Environment environment) {
    this.options = options;
    this.keys = new Keys(options.root(), space);
    this.client = new Client(options, Members.of(options, environment.random()));
    this.sessions = new Sessions(client, keys, environment);
  }

  /**
   * Connects.
   *
   * @throws EngineUnavailableException if the cluster cannot be used
   */
  static EtcdRecordStore open(EtcdOptions options, String space, Environment environment) {
    EtcdRecordStore store = new EtcdRecordStore(options, space, environment);
    try {
      store
          .range(store.keys.format())
          // The first connection of a process may take longer than a call may.
          .exceptionallyCompose(failure -> store.range(store.keys.format()))
          .get(OPENING_SECONDS, TimeUnit.SECONDS);
      return store;
    } catch (ExecutionException refused) {
      store.close();
      Throwable cause = refused.getCause() == null ? refused : refused.getCause();
      throw new EngineUnavailableException(String.valueOf(cause.getMessage()), cause);
    } catch (TimeoutException late) {
      store.close();
      throw new EngineUnavailableException(
          options.location() + " does not answer; check address and network, then retry", late);
    } catch (InterruptedException interrupted) {
      store.close();
      Thread.currentThread().interrupt();
      throw new EngineUnavailableException(
          "interrupted while connecting to " + options.location() + "; open it again", interrupted);
    }
  }

  private CompletableFuture<RangeResponse> range(ByteString key) {
    return client.call(KVGrpc.getRangeMethod(), Requests.range(key), Nature.LOOK);
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return range(keys.record(name)).thenApply(EtcdRecordStore::stored);
  }

  private static Stored stored(RangeResponse found) {
    return found.getKvsCount() == 0 ? Stored.ABSENT : stored(found.getKvs(0));
  }

  private static Stored stored(KeyValue record) {
    return new Stored(record.getModRevision(), record.getValue().toByteArray());
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    ByteString key = keys.record(write.name());
    byte[] bytes = write.bytes();
    TxnRequest.Builder request =
        TxnRequest.newBuilder()
            .addCompare(Requests.changedBy(key, write.expected()))
            .addSuccess(
                bytes == null
                    ? Requests.delete(key)
                    : Requests.put(key, ByteString.copyFrom(bytes)))
            .addFailure(Requests.op(Requests.range(key)));
    Set<Long> rest = new HashSet<>();
    for (long session : write.wake()) {
      if (request.getSuccessCount() < Requests.MAX_OPERATIONS) {
        request.addSuccess(sessions.wake(session, write.name()));
      } else {
        rest.add(session);
      }
    }
    return client
        .call(KVGrpc.getTxnMethod(), request.build(), Nature.CHANGE)
        .thenApply(
            answer -> {
              if (answer.getSucceeded() && !rest.isEmpty()) {
                wake(rest, write.name());
              }
              return outcome(write, answer);
            });
  }

  private static Outcome outcome(Write write, TxnResponse answer) {
    if (!answer.getSucceeded()) {
      return new Outcome(false, stored(answer.getResponses(0).getResponseRange()));
    }
    byte[] bytes = write.bytes();
    return new Outcome(
        true, bytes == null ? Stored.ABSENT : new Stored(answer.getHeader().getRevision(), bytes));
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    ByteString first = keys.record(prefix);
    ByteString afterKey = Keys.next(keys.record(after));
    boolean later =
        ByteString.unsignedLexicographicalComparator().compare(first, afterKey) < 0
            && !after.isEmpty();
    RangeRequest request =
        RangeRequest.newBuilder()
            .setKey(later ? afterKey : first)
            .setRangeEnd(Keys.after(first))
            .setLimit(limit)
            .build();
    if (ByteString.unsignedLexicographicalComparator()
            .compare(request.getKey(), request.getRangeEnd())
        >= 0) {
      return CompletableFuture.completedFuture(List.of());
    }
    return client
        .call(KVGrpc.getRangeMethod(), request, Nature.LOOK)
        .thenApply(
            found ->
                found.getKvsList().stream()
                    .map(record -> new Entry(keys.name(record.getKey()), stored(record)))
                    .toList());
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
    List<Long> ids = List.copyOf(asked);
    return sessions
        .read(ids.stream().map(keys::session).toList(), true)
        .thenApply(
            found -> {
              Set<Long> dead = new HashSet<>();
              for (int i = 0; i < ids.size(); i++) {
                if (found.get(i).getCount() == 0) {
                  dead.add(ids.get(i));
                }
              }
              return dead;
            });
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    List<Long> ids = List.copyOf(asked);
    return sessions
        .read(ids.stream().map(keys::session).toList(), false)
        .thenApply(
            found -> {
              Map<Long, SessionTerms> known = new HashMap<>();
              for (int i = 0; i < ids.size(); i++) {
                long session = ids.get(i);
                if (found.get(i).getKvsCount() > 0) {
                  StoredTerms.read(found.get(i).getKvs(0).getValue())
                      .ifPresent(terms -> known.put(session, terms));
                }
              }
              return known;
            });
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return sessions.publish(session, report);
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    List<Long> ids = List.copyOf(asked);
    return sessions
        .read(ids.stream().map(keys::report).toList(), false)
        .thenApply(
            found -> {
              Map<Long, byte[]> reports = new HashMap<>();
              for (int i = 0; i < ids.size(); i++) {
                if (found.get(i).getKvsCount() > 0) {
                  reports.put(ids.get(i), found.get(i).getKvs(0).getValue().toByteArray());
                }
              }
              return reports;
            });
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> asked, String name) {
    List<Long> ids = List.copyOf(asked);
    CompletableFuture<Void> all = CompletableFuture.completedFuture(null);
    for (int from = 0; from < ids.size(); from += Requests.MAX_OPERATIONS) {
      TxnRequest.Builder request = TxnRequest.newBuilder();
      ids.subList(from, Math.min(ids.size(), from + Requests.MAX_OPERATIONS))
          .forEach(session -> request.addSuccess(sessions.wake(session, name)));
      CompletableFuture<TxnResponse> woken =
          client.call(KVGrpc.getTxnMethod(), request.build(), Nature.CHANGE);
      all = CompletableFuture.allOf(all, woken);
    }
    return all;
  }

  @Override
  public Duration pollInterval() {
    return POLL_INTERVAL;
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription("etcd", options.location(), Guarantees.LINES);
  }

  @Override
  public CompletionStage<List<Finding>> examine() {
    return new Examination(client, options, keys).run();
  }

  /** Waits a moment for the sessions to end: a process that exits next would cut them off. */
  @Override
  public void close() {
    try {
      sessions.closeAll().get(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException unheard) {
      // The leases run out by themselves.
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      client.close();
    }
  }
}
