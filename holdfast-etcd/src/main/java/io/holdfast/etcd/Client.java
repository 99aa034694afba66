package io.holdfast.etcd;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ClientStreamTracer;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import io.holdfast.EngineUnavailableException;
import io.holdfast.etcd.Members.Member;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes calls that end: with an answer, or with what may have happened. */
final class Client implements AutoCloseable {

  // A call that never reached a server is made again with the next one. So is a look, whatever has
  // become of it. A change that was sent is never repeated here: whether it took effect is unknown,
  // and the store engine knows how to find out.
  //
  // The threads that read connections belong to all clients of the process. They do nothing with an
  // answer themselves unless it is urgent: with hundreds of calls under way there is so much to do
  // that renewals would wait behind it, twice, since each is two calls. A thread of the client does
  // it, in the order of the answers.

  /** Less than what a store engine allows a store. */
  private static final long LIMIT_MILLIS = 4_500;

  /** How long one member may take if there are others. */
  private static final long MEMBER_MILLIS = 2_000;

  /** The same for a renewal, which may be made twice and must be in time for a TTL of 2 s. */
  private static final long URGENT_MEMBER_MILLIS = 1_000;

  /** How many calls may be under way beside those of sessions. */
  private static final int WINDOW = 256;

  private static final long IDLE_SECONDS = 10;

  /** What a call does to the cluster. */
  enum Nature {
    /** May be made twice. */
    LOOK,
    /** May not. */
    CHANGE,
    /** A look that nothing may hold up: a lease depends on it. */
    URGENT
  }

  private final EtcdOptions options;
  private final Members members;
  private final @Nullable Token token;
  private final Window window = new Window(WINDOW);
  private final Executor answers = oneThread();
  private volatile boolean closed;

  Client(EtcdOptions options, Members members) {
    this.options = options;
    this.members = members;
    this.token = options.login().map(login -> new Token(login, members)).orElse(null);
  }

  /** One that goes when there has been nothing to do for a while. */
  private static Executor oneThread() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            work -> {
              Thread thread = new Thread(work, "holdfast-etcd");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  Members members() {
    return members;
  }

  /** For calls that last. */
  CallOptions lasting() {
    return token == null ? CallOptions.DEFAULT : CallOptions.DEFAULT.withCallCredentials(token);
  }

  /** Lets the next call log in anew, if there is a login. */
  void forgetToken() {
    if (token != null) {
      token.forget();
    }
  }

  /**
   * Sends a request and takes the one answer.
   *
   * @return fails as the stages of a record store do
   */
  <Q, A> CompletableFuture<A> call(MethodDescriptor<Q, A> method, Q request, Nature nature) {
    Exchange<Q, A> exchange = new Exchange<>(method, request, nature);
    if (nature == Nature.URGENT) {
      exchange.attempt();
      return exchange.result;
    }
    window.enter(exchange::attempt);
    return exchange.result.whenComplete((answer, failure) -> window.leave());
  }

  @Override
  public void close() {
    closed = true;
    members.close();
  }

  private final class Exchange<Q, A> {

    private final MethodDescriptor<Q, A> method;
    private final Q request;
    private final Nature nature;
    private final Deadline deadline = Deadline.after(LIMIT_MILLIS, TimeUnit.MILLISECONDS);
    private final CompletableFuture<A> result = new CompletableFuture<>();
    private int attempts;
    private boolean loggedInAnew;

    Exchange(MethodDescriptor<Q, A> method, Q request, Nature nature) {
      this.method = method;
      this.request = request;
      this.nature = nature;
    }

    void attempt() {
      attempts++;
      if (deadline.isExpired()) {
        fail(
            new EngineUnavailableException(
                "too many calls wait for "
                    + options.location()
                    + "; ask for less at once, or retry"));
        return;
      }
      new Attempt<>(this).start();
    }

    /** What has become of an attempt. */
    void failed(Status status, boolean reached) {
      if (closed) {
        fail(new EngineUnavailableException("the engine is closed; open a new one"));
        return;
      }
      if (token != null && Token.isRefused(status) && !loggedInAnew) {
        loggedInAnew = true;
        token.forget();
        attempt();
        return;
      }
      boolean undone = !reached || Failures.isRefusedUndone(status);
      boolean elsewhere = attempts < Math.max(2, members.count()) && !deadline.isExpired();
      boolean harmless = undone || nature != Nature.CHANGE;
      if (Failures.isTrouble(status) && elsewhere && harmless) {
        attempt();
      } else {
        fail(Failures.of(options, status, harmless));
      }
    }

    private void fail(RuntimeException failure) {
      result.completeExceptionally(failure);
    }

    CallOptions callOptions(ClientStreamTracer.Factory tracer) {
      boolean urgent = nature == Nature.URGENT;
      Deadline limit = deadline;
      if (members.count() > 1) {
        long millis = urgent ? URGENT_MEMBER_MILLIS : MEMBER_MILLIS;
        limit = deadline.minimum(Deadline.after(millis, TimeUnit.MILLISECONDS));
      }
      CallOptions call = lasting().withDeadline(limit).withStreamTracerFactory(tracer);
      return urgent ? call : call.withExecutor(answers);
    }
  }

  /** One try with one member. */
  private final class Attempt<Q, A> extends ClientStreamTracer.Factory
      implements StreamObserver<A> {

    private final Exchange<Q, A> exchange;
    private final Member member = members.current();
    private final int epoch = member.epoch().get();
    private final long answersBefore = member.answers().get();
    private volatile boolean reached;
    private @Nullable A answer;

    Attempt(Exchange<Q, A> exchange) {
      this.exchange = exchange;
    }

    void start() {
      ClientCalls.asyncUnaryCall(
          member.channel().newCall(exchange.method, exchange.callOptions(this)),
          exchange.request,
          this);
    }

    /** Until a stream is made on a live connection, nothing has left this machine. */
    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo stream, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void streamCreated(Attributes connection, Metadata sent) {
          reached = true;
        }
      };
    }

    @Override
    public void onNext(A value) {
      member.answers().incrementAndGet();
      answer = value;
    }

    @Override
    public void onCompleted() {
      A value = answer;
      if (value == null) {
        onError(Status.INTERNAL.withDescription("no answer").asRuntimeException());
      } else {
        exchange.result.complete(value);
      }
    }

    @Override
    public void onError(Throwable failure) {
      Status status = Status.fromThrowable(failure);
      boolean slow = status.getCode() == Status.Code.DEADLINE_EXCEEDED;
      boolean silent = member.answers().get() == answersBefore;
      if (Failures.isTrouble(status) && !closed && (silent || !slow)) {
        members.leave(member, epoch, slow);
      }
      exchange.failed(status, reached);
    }
  }
}
