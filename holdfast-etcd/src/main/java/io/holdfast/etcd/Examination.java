package io.holdfast.etcd;

import io.etcd.jetcd.api.ClusterGrpc;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.LeaseGrantRequest;
import io.etcd.jetcd.api.LeaseGrpc;
import io.etcd.jetcd.api.LeaseRevokeRequest;
import io.etcd.jetcd.api.MaintenanceGrpc;
import io.etcd.jetcd.api.MemberListRequest;
import io.etcd.jetcd.api.RangeRequest;
import io.etcd.jetcd.api.StatusRequest;
import io.etcd.jetcd.api.StatusResponse;
import io.grpc.Status;
import io.holdfast.engine.Finding;
import io.holdfast.engine.Finding.Level;
import io.holdfast.engine.SessionTerms;
import io.holdfast.etcd.Client.Nature;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks at a live cluster for what breaks or weakens a promise. */
final class Examination {

  private static final Pattern VERSION = Pattern.compile("(\\d+)\\.(\\d+)\\.(\\d+).*");

  /** So many writes without a compaction, and nobody compacts. */
  private static final long UNCOMPACTED = 100_000;

  private final Client client;
  private final EtcdOptions options;
  private final Keys keys;

  Examination(Client client, EtcdOptions options, Keys keys) {
    this.client = client;
    this.options = options;
    this.keys = keys;
  }

  CompletableFuture<List<Finding>> run() {
    List<CompletableFuture<Finding>> checks =
        List.of(version(), members(), alarms(), shortestLease(), compaction(), login());
    return CompletableFuture.allOf(checks.toArray(CompletableFuture<?>[]::new))
        .thenApply(done -> new ArrayList<>(checks.stream().map(CompletableFuture::join).toList()));
  }

  private CompletableFuture<StatusResponse> status() {
    return client.call(
        MaintenanceGrpc.getStatusMethod(), StatusRequest.getDefaultInstance(), Nature.LOOK);
  }

  private static CompletableFuture<Finding> orUnknown(
      String subject, CompletableFuture<Finding> check) {
    return check.exceptionally(
        failure -> new Finding(Level.UNKNOWN, subject, Failures.reason(failure)));
  }

  private CompletableFuture<Finding> version() {
    String subject = "version";
    return orUnknown(subject, status().thenApply(status -> version(subject, status.getVersion())));
  }

  static Finding version(String subject, String found) {
    Matcher parts = VERSION.matcher(found);
    if (!parts.matches()) {
      return new Finding(Level.UNKNOWN, subject, found);
    }
    int major = Integer.parseInt(parts.group(1));
    int minor = Integer.parseInt(parts.group(2));
    int patch = Integer.parseInt(parts.group(3));
    if (major < 3 || (major == 3 && minor < 4)) {
      return new Finding(
          Level.UNSAFE, subject, found + " was not tested; use 3.4.31, 3.5.13 or later");
    }
    boolean old = major == 3 && ((minor == 4 && patch < 31) || (minor == 5 && patch < 13));
    return old
        ? new Finding(
            Level.UNSAFE,
            subject,
            found
                + ": a leader that stalls may end living sessions early (etcd issue 15247); use"
                + " 3.4.31, 3.5.13 or later")
        : new Finding(Level.FINE, subject, found);
  }

  private CompletableFuture<Finding> members() {
    String subject = "members";
    return orUnknown(
        subject,
        client
            .call(
                ClusterGrpc.getMemberListMethod(),
                MemberListRequest.getDefaultInstance(),
                Nature.LOOK)
            .thenApply(
                list -> {
                  long voters =
                      list.getMembersList().stream().filter(one -> !one.getIsLearner()).count();
                  if (voters % 2 == 1 && voters > 1) {
                    return new Finding(Level.FINE, subject, voters + " voting members");
                  }
                  return new Finding(
                      Level.WARNING,
                      subject,
                      voters
                          + " voting: the loss of "
                          + (voters + 1) / 2
                          + " stops all locks; use 3 or 5 members");
                }));
  }

  private CompletableFuture<Finding> alarms() {
    String subject = "alarms";
    return orUnknown(
        subject,
        status()
            .thenApply(
                status ->
                    status.getErrorsCount() == 0
                        ? new Finding(Level.FINE, subject, "none")
                        : new Finding(
                            Level.UNSAFE,
                            subject,
                            String.join(", ", status.getErrorsList())
                                + "; see etcdctl alarm list")));
  }

  /** etcd stretches leases that are shorter than one and a half of its election timeouts. */
  private CompletableFuture<Finding> shortestLease() {
    String subject = "shortest lease";
    return orUnknown(
        subject,
        client
            .call(
                LeaseGrpc.getLeaseGrantMethod(),
                LeaseGrantRequest.newBuilder().setTTL(1).build(),
                Nature.CHANGE)
            .thenCompose(
                granted ->
                    client
                        .call(
                            LeaseGrpc.getLeaseRevokeMethod(),
                            LeaseRevokeRequest.newBuilder().setID(granted.getID()).build(),
                            Nature.CHANGE)
                        .thenApply(revoked -> shortest(subject, granted.getTTL()))));
  }

  private static Finding shortest(String subject, long seconds) {
    return seconds <= SessionTerms.MIN_TTL.toSeconds()
        ? new Finding(Level.FINE, subject, seconds + " s")
        : new Finding(
            Level.WARNING,
            subject,
            seconds
                + " s: shorter TTLs are stretched, and locks of the dead are free later; lower"
                + " --election-timeout");
  }

  /** Tries to read the past, which must be gone. */
  private CompletableFuture<Finding> compaction() {
    String subject = "compaction";
    RangeRequest past =
        RangeRequest.newBuilder().setKey(keys.format()).setCountOnly(true).setRevision(1).build();
    return orUnknown(
        subject,
        client
            .call(KVGrpc.getRangeMethod(), past, Nature.LOOK)
            .thenApply(found -> uncompacted(subject, found.getHeader().getRevision()))
            .exceptionallyCompose(
                failure ->
                    Status.fromThrowable(failure).getCode() == Status.Code.OUT_OF_RANGE
                        ? CompletableFuture.completedFuture(
                            new Finding(Level.FINE, subject, "old revisions are dropped"))
                        : CompletableFuture.failedFuture(failure)));
  }

  private static Finding uncompacted(String subject, long revision) {
    return revision < UNCOMPACTED
        ? new Finding(Level.UNKNOWN, subject, "too young to tell, at revision " + revision)
        : new Finding(
            Level.WARNING,
            subject,
            "never done in "
                + revision
                + " revisions: the database grows until it refuses changes; set"
                + " --auto-compaction-retention=1h");
  }

  private CompletableFuture<Finding> login() {
    String subject = "authentication";
    String user = options.login().map(login -> "as user " + login.user()).orElse("");
    return CompletableFuture.completedFuture(
        user.isEmpty()
            ? new Finding(
                Level.WARNING,
                subject,
                "off: whoever reaches the cluster may change its locks; enable it, and give"
                    + " Holdfast a role for the keys below "
                    + keys.prefix().toStringUtf8())
            : new Finding(Level.FINE, subject, user));
  }
}
