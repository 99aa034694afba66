package io.holdfast.etcd;

import io.etcd.jetcd.api.AuthGrpc;
import io.etcd.jetcd.api.AuthenticateRequest;
import io.etcd.jetcd.api.AuthenticateResponse;
import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.holdfast.etcd.EtcdOptions.Login;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Adds to every call the token that etcd gives for a user and a password. */
final class Token extends CallCredentials {

  // etcd forgets tokens when it restarts, after some minutes without use, and when users change.
  // It then refuses a call before doing anything; the client forgets the token and calls again.

  private static final int LIMIT_SECONDS = 2;
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

  /** What etcd says of a token that it does not accept, or that is missing. */
  private static final Set<String> REFUSALS =
      Set.of(
          "etcdserver: invalid auth token",
          "etcdserver: revision of auth store is old",
          "etcdserver: user name is empty");

  /** What it says to a login while authentication is switched off: then nobody needs a token. */
  private static final String OFF = "etcdserver: authentication is not enabled";

  private final Login login;
  private final Members members;
  private final AtomicReference<@Nullable CompletableFuture<String>> token =
      new AtomicReference<>();

  Token(Login login, Members members) {
    this.login = login;
    this.members = members;
  }

  /** Whether a call was refused, undone, because of its token. */
  static boolean isRefused(Status status) {
    String description = status.getDescription();
    return description != null && REFUSALS.contains(description);
  }

  /** Lets the next call log in anew. */
  void forget() {
    CompletableFuture<String> known = token.get();
    if (known != null && known.isDone()) {
      token.compareAndSet(known, null);
    }
  }

  @Override
  public void applyRequestMetadata(
      RequestInfo request, Executor executor, MetadataApplier applier) {
    known()
        .whenComplete(
            (value, failure) -> {
              if (failure != null) {
                applier.fail(refusal(Status.fromThrowable(failure)));
                return;
              }
              Metadata headers = new Metadata();
              if (!value.isEmpty()) {
                headers.put(HEADER, value);
              }
              applier.apply(headers);
            });
  }

  /** gRPC does not pass on the codes that servers use for a wrong password. */
  private static Status refusal(Status status) {
    return switch (status.getCode()) {
      case UNAVAILABLE, DEADLINE_EXCEEDED, UNAUTHENTICATED -> status;
      default ->
          Status.UNAUTHENTICATED
              .withDescription(status.getDescription())
              .withCause(status.getCause());
    };
  }

  private CompletionStage<String> known() {
    CompletableFuture<String> known = token.get();
    if (known != null) {
      return known;
    }
    CompletableFuture<String> fresh = new CompletableFuture<>();
    if (!token.compareAndSet(null, fresh)) {
      return known();
    }
    authenticate(fresh);
    return fresh;
  }

  private void authenticate(CompletableFuture<String> result) {
    AuthenticateRequest request =
        AuthenticateRequest.newBuilder()
            .setName(login.user())
            .setPassword(login.password())
            .build();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter(LIMIT_SECONDS, TimeUnit.SECONDS);
    ClientCalls.asyncUnaryCall(
        members.current().channel().newCall(AuthGrpc.getAuthenticateMethod(), options),
        request,
        new StreamObserver<AuthenticateResponse>() {
          @Override
          public void onNext(AuthenticateResponse answer) {
            result.complete(answer.getToken());
          }

          @Override
          public void onError(Throwable failure) {
            if (OFF.equals(Status.fromThrowable(failure).getDescription())) {
              result.complete("");
            } else {
              token.compareAndSet(result, null);
              result.completeExceptionally(failure);
            }
          }

          @Override
          public void onCompleted() {
            // The answer has come already.
          }
        });
  }
}
