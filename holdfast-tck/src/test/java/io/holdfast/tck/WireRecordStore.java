package io.holdfast.tck;

import io.holdfast.EngineUnavailableException;
import io.holdfast.OutcomeUnknownException;
import io.holdfast.engine.EngineDescription;
import io.holdfast.engine.RecordStore;
import io.holdfast.engine.SessionTerms;
import java.io.ByteArrayOutputStream;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/** The smallest client that a real one could be: {@link WireServer} over two connections. */
class WireRecordStore implements RecordStore {

  /** Writes what follows the verb. */
  @FunctionalInterface
  private interface Body {
    void write(DataOutput out) throws IOException;
  }

  /** Reads an answer. */
  @FunctionalInterface
  private interface Answer<T> {
    T read(DataInput in) throws IOException;
  }

  private record Call<T>(CompletableFuture<T> result, Answer<T> answer) {
    void read(DataInput in) throws IOException {
      result.complete(answer.read(in));
    }
  }

  private static final AtomicLong CLIENTS = new AtomicLong();
  private static final int CONNECT_MILLIS = 1_000;

  private final int port;
  private final String space;
  private final String client = ProcessHandle.current().pid() + "-" + CLIENTS.incrementAndGet();
  private final ExecutorService writer = Executors.newSingleThreadExecutor(WireRecordStore::thread);
  private final ExecutorService readers = Executors.newCachedThreadPool(WireRecordStore::thread);
  private final Map<Long, Call<?>> calls = new ConcurrentHashMap<>();
  private final Set<Long> sessions = ConcurrentHashMap.newKeySet();
  private final AtomicLong numbers = new AtomicLong();
  private volatile Consumer<String> onWake = name -> {};
  private volatile boolean closed;
  private volatile Socket requests;
  private volatile Socket notices;

  WireRecordStore(int port, String space) {
    this.port = port;
    this.space = space;
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "wire");
    thread.setDaemon(true);
    return thread;
  }

  private <T> CompletionStage<T> call(String verb, Body body, Answer<T> answer) {
    long number = numbers.incrementAndGet();
    Call<T> call = new Call<>(new CompletableFuture<>(), answer);
    try {
      writer.execute(() -> send(number, call, verb, body));
    } catch (RuntimeException shutDown) {
      call.result.completeExceptionally(unavailable(shutDown));
    }
    return call.result;
  }

  private static EngineUnavailableException unavailable(Exception cause) {
    return new EngineUnavailableException("no server; start it and retry", cause);
  }

  private void send(long number, Call<?> call, String verb, Body body) {
    try {
      if (requests == null || requests.isClosed()) {
        requests = connect(WireProtocol.REQUESTS, this::readAnswers);
      }
    } catch (IOException refused) {
      call.result.completeExceptionally(unavailable(refused));
      return;
    }
    calls.put(number, call);
    try {
      ByteArrayOutputStream message = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(message);
      out.writeLong(number);
      out.writeUTF(verb);
      out.writeUTF(space);
      body.write(out);
      requests.getOutputStream().write(message.toByteArray());
    } catch (IOException broken) {
      end(requests);
    }
  }

  /** Reads a connection until it ends. */
  @FunctionalInterface
  private interface Reader {
    void read(Socket socket) throws IOException;
  }

  private Socket connect(String purpose, Reader reader) throws IOException {
    Socket socket = new Socket();
    socket.setTcpNoDelay(true);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECT_MILLIS);
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    out.writeUTF(purpose);
    out.writeUTF(client);
    readers.execute(
        () -> {
          try {
            reader.read(socket);
          } catch (IOException ended) {
            end(socket);
          }
        });
    return socket;
  }

  private void end(Socket socket) {
    try {
      socket.close();
    } catch (IOException unimportant) {
      // It is of no use any more.
    }
    if (socket == requests) {
      for (Long number : List.copyOf(calls.keySet())) {
        Call<?> call = calls.remove(number);
        if (call != null) {
          call.result.completeExceptionally(
              new OutcomeUnknownException("the connection has ended; look again"));
        }
      }
    }
  }

  private void readAnswers(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    while (true) {
      Call<?> call = calls.remove(in.readLong());
      if (call == null) {
        throw new IOException("nobody has asked");
      }
      call.read(in);
    }
  }

  private void readNotices(Socket socket) throws IOException {
    DataInputStream in = new DataInputStream(socket.getInputStream());
    while (true) {
      String name = in.readUTF();
      if (!name.isEmpty()) {
        onWake.accept(name);
      }
    }
  }

  /** Keeps the second connection up. */
  private void listen() {
    while (!closed) {
      try {
        notices = connectNotices();
        readNotices(notices);
      } catch (IOException ended) {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(200));
      }
    }
  }

  private Socket connectNotices() throws IOException {
    return connect(WireProtocol.SUBSCRIBE, socket -> {});
  }

  @Override
  public CompletionStage<Stored> read(String name) {
    return call("read", out -> out.writeUTF(name), WireProtocol::stored);
  }

  @Override
  public CompletionStage<Outcome> compareAndSet(Write write) {
    return call("write", out -> WireProtocol.write(out, write), WireProtocol::outcome);
  }

  @Override
  public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
    return call(
        "list",
        out -> {
          out.writeUTF(prefix);
          out.writeUTF(after);
          out.writeInt(limit);
        },
        WireProtocol::entries);
  }

  @Override
  public CompletionStage<Long> openSession(SessionTerms terms, Consumer<String> listener) {
    onWake = listener;
    if (notices == null) {
      readers.execute(this::listen);
    }
    return call(
        "open",
        out -> WireProtocol.terms(out, terms),
        in -> {
          long session = in.readLong();
          sessions.add(session);
          return session;
        });
  }

  @Override
  public CompletionStage<Boolean> renewSession(long session) {
    return call("renew", out -> out.writeLong(session), DataInput::readBoolean);
  }

  @Override
  public CompletionStage<Void> closeSession(long session) {
    sessions.remove(session);
    return call("close", out -> out.writeLong(session), in -> null);
  }

  @Override
  public CompletionStage<Set<Long>> findDead(Collection<Long> asked) {
    return call("dead", out -> WireProtocol.numbers(out, asked), WireProtocol::numbers);
  }

  @Override
  public CompletionStage<Map<Long, SessionTerms>> describe(Collection<Long> asked) {
    return call("describe", out -> WireProtocol.numbers(out, asked), WireProtocol::described);
  }

  @Override
  public CompletionStage<Void> publish(long session, byte[] report) {
    return call(
        "publish",
        out -> {
          out.writeLong(session);
          WireProtocol.bytes(out, report);
        },
        in -> null);
  }

  @Override
  public CompletionStage<Map<Long, byte[]>> published(Collection<Long> asked) {
    return call("published", out -> WireProtocol.numbers(out, asked), WireProtocol::published);
  }

  @Override
  public CompletionStage<Void> wake(Set<Long> woken, String name) {
    return call(
        "wake",
        out -> {
          WireProtocol.numbers(out, woken);
          out.writeUTF(name);
        },
        in -> null);
  }

  /** The records that a server has of a space; one word for each. */
  static Collection<String> leftovers(int port, String space) throws Exception {
    WireRecordStore store = new WireRecordStore(port, space);
    try {
      CompletionStage<Integer> count = store.call("names", out -> {}, DataInput::readInt);
      return Collections.nCopies(count.toCompletableFuture().get(10, TimeUnit.SECONDS), "record");
    } finally {
      store.close();
    }
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription("wire", "wire:" + space, List.of("server ends: forgotten"));
  }

  @Override
  public void close() {
    CompletableFuture<?>[] ends =
        List.copyOf(sessions).stream()
            .map(session -> closeSession(session).toCompletableFuture())
            .toArray(CompletableFuture[]::new);
    CompletableFuture.allOf(ends)
        .completeOnTimeout(null, CONNECT_MILLIS, TimeUnit.MILLISECONDS)
        .exceptionally(failure -> null)
        .join();
    closed = true;
    writer.shutdownNow();
    for (Socket socket : new Socket[] {requests, notices}) {
      if (socket != null) {
        end(socket);
      }
    }
    readers.shutdownNow();
  }
}
