package io.holdfast.tck;

import io.holdfast.engine.Environment;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/**
 * A server that keeps the records of a {@link HeapRecordStore} in memory and forgets them when it
 * ends, like a cache. It counts versions from the time of its start, so that they do not go back.
 * The second argument names one of the {@link WireBugs}.
 */
final class WireServer {

  private final Environment environment = Environment.system("wire-server");
  private final long start;
  private final String bug;
  private final Map<String, HeapRecordStore> stores = new ConcurrentHashMap<>();
  private final Map<String, DataOutputStream> subscribers = new ConcurrentHashMap<>();

  private WireServer(String bug) {
    this.bug = bug;
    start = TimeUnit.MILLISECONDS.toMicros(environment.ticker().epochMillis());
  }

  /** Arguments: the port, and a bug or nothing. */
  public static void main(String[] arguments) throws IOException {
    WireServer server = new WireServer(arguments.length > 1 ? arguments[1] : "");
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0])),
          1_000);
      while (true) {
        Socket client = socket.accept();
        client.setTcpNoDelay(true);
        new Thread(() -> server.serve(client)).start();
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      String purpose = in.readUTF();
      String client = in.readUTF();
      if (purpose.equals(WireProtocol.SUBSCRIBE)) {
        subscribers.put(client, out);
        out.writeUTF("");
        in.read();
        subscribers.remove(client, out);
        return;
      }
      while (true) {
        long number = in.readLong();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        DataOutputStream body = new DataOutputStream(answer);
        body.writeLong(number);
        answer(in, body, client);
        synchronized (out) {
          out.write(answer.toByteArray());
        }
      }
    } catch (IOException gone) {
      // Its sessions end by time.
    }
  }

  private static <T> T now(CompletionStage<T> done) {
    return done.toCompletableFuture().join();
  }

  private void answer(DataInputStream in, DataOutputStream out, String client) throws IOException {
    String verb = in.readUTF();
    HeapRecordStore store =
        stores.computeIfAbsent(
            in.readUTF(), space -> WireBugs.store(bug, space, environment, start));
    switch (verb) {
      case "read" -> WireProtocol.stored(out, now(store.read(in.readUTF())));
      case "write" -> WireProtocol.outcome(out, now(store.compareAndSet(WireProtocol.write(in))));
      case "list" ->
          WireProtocol.entries(out, now(store.list(in.readUTF(), in.readUTF(), in.readInt())));
      case "open" ->
          out.writeLong(
              now(store.openSession(WireProtocol.terms(in), name -> notify(client, name))));
      case "renew" -> out.writeBoolean(now(store.renewSession(in.readLong())));
      case "close" -> now(store.closeSession(in.readLong()));
      case "dead" -> WireProtocol.numbers(out, now(store.findDead(WireProtocol.numbers(in))));
      case "describe" -> WireProtocol.described(out, now(store.describe(WireProtocol.numbers(in))));
      case "publish" -> now(store.publish(in.readLong(), WireProtocol.bytes(in)));
      case "published" ->
          WireProtocol.published(out, now(store.published(WireProtocol.numbers(in))));
      case "wake" -> now(store.wake(WireProtocol.numbers(in), in.readUTF()));
      case "names" -> out.writeInt(now(store.list("", "", 1_000)).size());
      default -> throw new IOException("no verb " + verb);
    }
  }

  private void notify(String client, String name) {
    DataOutputStream out = subscribers.get(client);
    if (out == null) {
      return;
    }
    try {
      synchronized (out) {
        out.writeUTF(name);
      }
    } catch (IOException gone) {
      subscribers.remove(client, out);
    }
  }

  @Override
  public String toString() {
    return "wire server " + bug;
  }
}
