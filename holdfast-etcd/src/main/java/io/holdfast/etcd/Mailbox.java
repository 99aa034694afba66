package io.holdfast.etcd;

import com.google.protobuf.ByteString;
import io.etcd.jetcd.api.Event;
import io.etcd.jetcd.api.KVGrpc;
import io.etcd.jetcd.api.KeyValue;
import io.etcd.jetcd.api.RangeResponse;
import io.etcd.jetcd.api.WatchCreateRequest;
import io.etcd.jetcd.api.WatchGrpc;
import io.etcd.jetcd.api.WatchRequest;
import io.etcd.jetcd.api.WatchResponse;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.holdfast.engine.Environment;
import io.holdfast.engine.Outbox;
import io.holdfast.etcd.Client.Nature;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes on what others put into a session's mailbox. */
final class Mailbox {

  // The mailbox is one key, and each wake-up puts the name of a lock into it. The watch sees every
  // put, also of those that were overwritten at once, so nothing is to be deleted afterwards.
  //
  // A watch that breaks is made anew from the first put that it has not told of. Only if etcd has
  // compacted its history meanwhile are puts lost, all but the last one, which is read; the others'
  // waiters look by themselves soon.

  private static final Logger LOG = LoggerFactory.getLogger(Mailbox.class);

  private static final Duration SHORTEST_PAUSE = Duration.ofMillis(50);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(1);

  private final Client client;
  private final Environment environment;
  private final ByteString key;
  private final Consumer<String> listener;
  private final Outbox outbox = new Outbox();
  private final Runnable onChange = this::renew;

  // Guarded by this.
  private long next;
  private @Nullable Stream stream;
  private Duration pause = SHORTEST_PAUSE;
  private boolean pending;
  private boolean closed;

  /** The mailbox of a session that has just been opened. */
  Mailbox(Client client, Environment environment, Address address, Consumer<String> listener) {
    this.client = client;
    this.environment = environment;
    this.key = address.key();
    this.next = address.next();
    this.listener = listener;
  }

  /**
   * What is watched.
   *
   * @param key the mailbox
   * @param next the revision from which on puts are told of
   */
  record Address(ByteString key, long next) {}

  void open() {
    client.members().onChange(onChange);
    watch();
  }

  void close() {
    client.members().forget(onChange);
    Stream old;
    synchronized (this) {
      closed = true;
      old = stream;
      stream = null;
    }
    if (old != null) {
      old.cancel();
    }
  }

  /** Another member, or a new connection: what the old one would tell may come late or never. */
  private void renew() {
    Stream old;
    synchronized (this) {
      old = stream;
      stream = null;
    }
    if (old != null) {
      old.cancel();
      watchLater(Duration.ZERO);
    }
  }

  private void watch() {
    Stream fresh = new Stream();
    WatchCreateRequest.Builder request;
    synchronized (this) {
      pending = false;
      if (closed || stream != null) {
        return;
      }
      stream = fresh;
      request =
          WatchCreateRequest.newBuilder()
              .setKey(key)
              .setStartRevision(next)
              .addFilters(WatchCreateRequest.FilterType.NODELETE);
    }
    fresh.start(WatchRequest.newBuilder().setCreateRequest(request).build());
  }

  private void watchLater(Duration after) {
    synchronized (this) {
      if (closed || pending) {
        return;
      }
      pending = true;
    }
    environment.scheduler().schedule(this::watch, after);
  }

  /** Takes what a watch tells, unless it has been replaced. */
  private synchronized boolean take(Stream from, long upTo) {
    if (from != stream) {
      return false;
    }
    next = Math.max(next, upTo + 1);
    pause = SHORTEST_PAUSE;
    return true;
  }

  private void told(Stream from, WatchResponse told) {
    if (told.getCanceled()) {
      LOG.debug("watch of {} was cancelled: {}", key, told.getCancelReason());
      from.cancel();
      if (told.getCompactRevision() > 0) {
        catchUp(from);
      } else {
        client.forgetToken();
        lost(from);
      }
      return;
    }
    for (Event event : told.getEventsList()) {
      if (take(from, event.getKv().getModRevision())) {
        passOn(event.getKv());
      }
    }
  }

  private void passOn(KeyValue put) {
    String name = StoredName.read(put.getValue());
    outbox.post(() -> listener.accept(name));
    outbox.deliver(environment.scheduler());
  }

  /** Reads what is left of a history that is gone, and goes on from there. */
  private void catchUp(Stream from) {
    CompletionStage<RangeResponse> reading =
        client.call(KVGrpc.getRangeMethod(), Requests.range(key), Nature.LOOK);
    reading.whenComplete(
        (found, failure) -> {
          if (failure == null && take(from, found.getHeader().getRevision())) {
            passOnAll(found);
          }
          lost(from);
        });
  }

  private void passOnAll(RangeResponse found) {
    found.getKvsList().forEach(this::passOn);
  }

  /** The watch is over; another one is made after a pause, which grows. */
  private void lost(Stream from) {
    Duration wait;
    synchronized (this) {
      if (from != stream) {
        return;
      }
      stream = null;
      wait = pause;
      Duration doubled = pause.multipliedBy(2);
      pause = doubled.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : doubled;
    }
    watchLater(wait);
  }

  /** One watch on one connection. */
  private final class Stream implements ClientResponseObserver<WatchRequest, WatchResponse> {

    private volatile @Nullable ClientCallStreamObserver<WatchRequest> call;
    private volatile boolean cancelled;

    void start(WatchRequest request) {
      ClientCalls.asyncBidiStreamingCall(
              client
                  .members()
                  .current()
                  .channel()
                  .newCall(WatchGrpc.getWatchMethod(), client.lasting()),
              this)
          .onNext(request);
      if (cancelled) {
        cancel();
      }
    }

    void cancel() {
      cancelled = true;
      ClientCallStreamObserver<WatchRequest> known = call;
      if (known != null) {
        known.cancel("no longer of interest", null);
      }
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchRequest> started) {
      call = started;
    }

    @Override
    public void onNext(WatchResponse told) {
      told(this, told);
    }

    @Override
    public void onError(Throwable failure) {
      if (!cancelled) {
        LOG.debug("watch of {} is lost and will be made anew", key, failure);
        lost(this);
      }
    }

    @Override
    public void onCompleted() {
      if (!cancelled) {
        lost(this);
      }
    }
  }
}
