package io.holdfast.etcd;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import io.holdfast.EngineUnavailableException;
import io.holdfast.etcd.EtcdOptions.Tls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/** The members of a cluster, and the one that is talked to. */
final class Members {

  // One member at a time, because all are equal to a client: a follower passes on to the leader
  // what it cannot do itself. The next one is taken when the present one is down, does not answer,
  // or has no leader. gRPC's own balancing over all members would send every third call to a
  // member that hangs until a ping finds out, which takes 10 s at least.
  //
  // A connection that hangs is given up for a new one, also if there is only one member: once the
  // network is healed, TCP itself would wait for up to minutes before it sends again. And a server
  // that was away is tried again with each call, not after gRPC's growing pauses.

  private static final int PING_SECONDS = 10;
  private static final int PING_TIMEOUT_SECONDS = 5;
  private static final int MAX_ANSWER_BYTES = 128 << 20;

  /** Makes a member that has lost its leader refuse at once, before it has done anything. */
  private static final Metadata.Key<String> NEEDS_LEADER =
      Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

  /**
   * A member.
   *
   * @param epoch how often its connection was given up
   * @param answers how often it has answered: a member that does is slow and does not hang
   */
  record Member(int index, ManagedChannel channel, AtomicInteger epoch, AtomicLong answers) {}

  private final List<Member> all = new ArrayList<>();
  private final AtomicInteger current = new AtomicInteger();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  private Members() {}

  /**
   * Prepares to connect; nothing is connected before the first call.
   *
   * @throws EngineUnavailableException if certificates or keys cannot be used
   */
  static Members of(EtcdOptions options, RandomGenerator random) {
    Members members = new Members();
    try {
      ChannelCredentials credentials = credentials(options);
      for (String endpoint : options.endpoints()) {
        members.all.add(
            new Member(
                members.all.size(),
                channel(endpoint, credentials, options),
                new AtomicInteger(),
                new AtomicLong()));
      }
    } catch (IOException | RuntimeException unusable) {
      members.close();
      throw new EngineUnavailableException(
          "the certificates or the key for "
              + options.location()
              + " cannot be used: "
              + Failures.reason(unusable)
              + "; check that ca, cert and key are readable PEM files, the key in PKCS#8",
          unusable);
    }
    members.current.set(random.nextInt(members.all.size()));
    return members;
  }

  private static ChannelCredentials credentials(EtcdOptions options) throws IOException {
    Tls tls = options.tls().orElse(null);
    if (tls == null) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    if (tls.authorities() != null) {
      builder.trustManager(tls.authorities().toFile());
    }
    if (tls.certificate() != null && tls.key() != null) {
      builder.keyManager(tls.certificate().toFile(), tls.key().toFile());
    }
    return builder.build();
  }

  private static ManagedChannel channel(
      String endpoint, ChannelCredentials credentials, EtcdOptions options) {
    Metadata headers = new Metadata();
    headers.put(NEEDS_LEADER, "true");
    ManagedChannelBuilder<?> builder =
        Grpc.newChannelBuilder("dns:///" + endpoint, credentials)
            .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
            .maxInboundMessageSize(MAX_ANSWER_BYTES)
            .intercept(MetadataUtils.newAttachHeadersInterceptor(headers))
            // What is to be done elsewhere says so.
            .directExecutor();
    options.tls().map(Tls::authority).ifPresent(builder::overrideAuthority);
    return builder.build();
  }

  int count() {
    return all.size();
  }

  /** The member to talk to. */
  Member current() {
    return all.get(current.get());
  }

  /** Has something run whenever another member or a new connection is taken. */
  void onChange(Runnable listener) {
    listeners.add(listener);
  }

  void forget(Runnable listener) {
    listeners.remove(listener);
  }

  /**
   * Takes the next member.
   *
   * @param epoch of the connection that failed; several calls fail with it, and one change does
   * @param hung whether the connection seems to be there and does not answer
   */
  void leave(Member failed, int epoch, boolean hung) {
    boolean changed = false;
    if (!hung) {
      failed.channel().resetConnectBackoff();
    } else if (failed.epoch().compareAndSet(epoch, epoch + 1)) {
      failed.channel().enterIdle();
      changed = true;
    }
    if (all.size() > 1) {
      int next = (failed.index() + 1) % all.size();
      changed |= current.compareAndSet(failed.index(), next);
    }
    if (changed) {
      listeners.forEach(Runnable::run);
    }
  }

  void close() {
    for (Member member : all) {
      member.channel().shutdownNow();
    }
  }
}
