package io.holdfast.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseKeepAliveRequest;
import io.etcd.jetcd.api.LeaseKeepAliveResponse;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.RequestOp;
import io.etcd.jetcd.api.ResponseOp;
import io.etcd.jetcd.api.TxnRequest;
import io.etcd.jetcd.api.TxnResponse;
import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Environment;
import io.holdfast.engine.SessionTerms;
import io.holdfast.etcd.Client.Nature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;

/** Sessions as leases. */
final class Sessions {

  // A session is a lease and a key bound to it. The key is the truth: it is read by a linearizable
  // read, it vanishes in the same step as the lease, and it is written once only, so a session that
  // is gone never comes back. What a member says of a lease alone is not trusted: it may have been
  // the leader and not know yet that it is not.
  //
  // The number is chosen here: the revision of a write that no other session shares, and a few
  // random bits, so that numbers differ most likely even in a cluster restored from a backup.
  //
  // A renewal is a keep-alive and then a read of the key. A leader that was paused may answer the
  // keep-alive although another one counts by now, and has given the lease less time. But if the
  // term was T before the keep-alive, and is T still after a read that a majority has confirmed,
  // then the leader of term T has led all the while, and it was the one that renewed.

  static final String FORMAT = "1";

  private static final int RANDOM_BITS = 12;
  private static final long MAX_REVISION = 1L << 51;
  private static final int MAX_TRIES = 3;

  private final Client client;
  private final Keys keys;
  private final Environment environment;
  private final ConcurrentMap<Long, Mailbox> mailboxes = new ConcurrentHashMap<>();

  Sessions(Client client, Keys keys, Environment environment) {
    this.client = client;
    this.keys = keys;
    this.environment = environment;
  }

  CompletableFuture<Long> open(SessionTerms terms, Consumer<String> onWake) {
    return grant(terms, MAX_TRIES)
        .thenCompose(
            session ->
                show(session, terms)
                    .thenApply(
                        revision -> {
                          listen(session, revision, onWake);
                          return session;
                        }));
  }

  private CompletableFuture<Long> grant(SessionTerms terms, int tries) {
    return number()
        .thenCompose(
            session ->
                client
                    .call(
                        LeaseGrpc.getLeaseGrantMethod(),
                        LeaseGrantRequest.newBuilder()
                            .setID(session)
                            .setTTL(seconds(terms.ttl()))
                            .build(),
                        Nature.CHANGE)
                    .thenApply(granted -> session))
        .exceptionallyCompose(
            failure ->
                // Other users of the cluster may number their leases as they like.
                tries > 1 && Failures.isLeaseTaken(failure)
                    ? grant(terms, tries - 1)
                    : CompletableFuture.failedFuture(failure));
  }

  /** etcd counts whole seconds. A session may live longer than asked, never shorter. */
  static long seconds(Duration ttl) {
    return ttl.plusSeconds(1).minusNanos(1).toSeconds();
  }

  /** Draws a number that no session has had. */
  private CompletableFuture<Long> number() {
    ByteString format = ByteString.copyFromUtf8(FORMAT);
    RequestOp write = Requests.put(keys.format(), format);
    TxnRequest first =
        TxnRequest.newBuilder()
            .addCompare(Requests.absent(keys.format()))
            .addSuccess(write)
            .addFailure(Requests.op(Requests.range(keys.format())))
            .build();
    TxnRequest request =
        TxnRequest.newBuilder()
            .addCompare(Requests.has(keys.format(), format))
            .addSuccess(write)
            .addFailure(Requests.op(first))
            .build();
    return client
        .call(KVGrpc.getTxnMethod(), request, Nature.CHANGE)
        .thenApply(
            answer -> {
              boolean known = answer.getSucceeded();
              if (!known && !answer.getResponses(0).getResponseTxn().getSucceeded()) {
                throw newer(answer.getResponses(0).getResponseTxn());
              }
              long revision = answer.getHeader().getRevision();
              if (revision >= MAX_REVISION) {
                throw new EngineUnavailableException(
                    "the revisions of this etcd are used up; move the locks to a new cluster");
              }
              long random = environment.random().nextLong(1L << RANDOM_BITS);
              return (revision << RANDOM_BITS) | random;
            });
  }

  private static EngineUnavailableException newer(TxnResponse answer) {
    String found = answer.getResponses(0).getResponseRange().getKvs(0).getValue().toStringUtf8();
    return new EngineUnavailableException(
        "this space is kept in format "
            + found
            + ", and this version of Holdfast knows format "
            + FORMAT
            + "; use a newer version");
  }

  /** Writes the session's key; returns the revision. */
  private CompletableFuture<Long> show(long session, SessionTerms terms) {
    TxnRequest request =
        TxnRequest.newBuilder()
            .addCompare(Requests.absent(keys.session(session)))
            .addSuccess(Requests.put(keys.session(session), StoredTerms.of(terms), session))
            .build();
    return client
        .call(KVGrpc.getTxnMethod(), request, Nature.CHANGE)
        .thenApply(
            answer -> {
              if (!answer.getSucceeded()) {
                throw new EngineUnavailableException(
                    "session " + session + " exists already; open another one");
              }
              return answer.getHeader().getRevision();
            });
  }

  private void listen(long session, long revision, Consumer<String> onWake) {
    Mailbox.Address address = new Mailbox.Address(keys.mailbox(session), revision + 1);
    Mailbox mailbox = new Mailbox(client, environment, address, onWake);
    mailboxes.put(session, mailbox);
    mailbox.open();
  }

  CompletableFuture<Boolean> renew(long session) {
    LeaseKeepAliveRequest request = LeaseKeepAliveRequest.newBuilder().setID(session).build();
    return client
        .call(LeaseGrpc.getLeaseKeepAliveMethod(), request, Nature.URGENT)
        .thenCompose(
            kept ->
                client
                    .call(
                        KVGrpc.getRangeMethod(),
                        Requests.count(keys.session(session)),
                        Nature.URGENT)
                    .thenApply(seen -> renewed(session, kept, seen)));
  }

  private boolean renewed(long session, LeaseKeepAliveResponse kept, RangeResponse seen) {
    if (seen.getCount() == 0) {
      forget(session);
      if (kept.getTTL() > 0) {
        // Somebody has deleted the key by hand. Nobody can use the lease any more.
        revoke(session);
      }
      return false;
    }
    if (kept.getTTL() <= 0 || kept.getHeader().getRaftTerm() != seen.getHeader().getRaftTerm()) {
      throw new EngineUnavailableException(
          "etcd has changed its leader during the renewal of session "
              + session
              + "; renew it again");
    }
    return true;
  }

  CompletableFuture<Void> close(long session) {
    forget(session);
    return revoke(session).toCompletableFuture();
  }

  private CompletionStage<Void> revoke(long session) {
    return client
        .call(
            LeaseGrpc.getLeaseRevokeMethod(),
            LeaseRevokeRequest.newBuilder().setID(session).build(),
            Nature.CHANGE)
        .<Void>thenApply(revoked -> null)
        .exceptionallyCompose(
            failure ->
                Failures.isLeaseGone(failure)
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.failedFuture(failure));
  }

  private void forget(long session) {
    Mailbox mailbox = mailboxes.remove(session);
    if (mailbox != null) {
      mailbox.close();
    }
  }

  /** Ends the sessions that were opened here. */
  CompletableFuture<Void> closeAll() {
    List<CompletableFuture<Void>> closing = new ArrayList<>();
    mailboxes.keySet().forEach(session -> closing.add(close(session)));
    return CompletableFuture.allOf(closing.toArray(CompletableFuture<?>[]::new));
  }

  /** Reads a key of each session in as few steps as there can be; the answers in the same order. */
  CompletableFuture<List<RangeResponse>> read(List<ByteString> wanted, boolean countOnly) {
    CompletableFuture<List<RangeResponse>> all =
        CompletableFuture.completedFuture(new ArrayList<>(wanted.size()));
    for (int from = 0; from < wanted.size(); from += Requests.MAX_OPERATIONS) {
      int to = Math.min(wanted.size(), from + Requests.MAX_OPERATIONS);
      TxnRequest.Builder request = TxnRequest.newBuilder();
      for (ByteString key : wanted.subList(from, to)) {
        request.addSuccess(Requests.op(countOnly ? Requests.count(key) : Requests.range(key)));
      }
      all =
          all.thenCombine(
              client.call(KVGrpc.getTxnMethod(), request.build(), Nature.LOOK),
              (sofar, answer) -> {
                answer.getResponsesList().stream()
                    .map(ResponseOp::getResponseRange)
                    .forEach(sofar::add);
                return sofar;
              });
    }
    return all;
  }

  /** Puts a name into a mailbox, if its session lives. */
  RequestOp wake(long session, String name) {
    return Requests.op(
        TxnRequest.newBuilder()
            .addCompare(Requests.present(keys.session(session)))
            .addSuccess(Requests.put(keys.mailbox(session), StoredName.of(name), session))
            .build());
  }

  CompletableFuture<Void> publish(long session, byte[] report) {
    TxnRequest request =
        TxnRequest.newBuilder()
            .addCompare(Requests.present(keys.session(session)))
            .addSuccess(Requests.put(keys.report(session), ByteString.copyFrom(report), session))
            .build();
    return client.call(KVGrpc.getTxnMethod(), request, Nature.CHANGE).thenApply(written -> null);
  }
}
