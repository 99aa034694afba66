package io.holdfast.tck;

import io.holdfast.tck.FaultyProxy.Direction;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.jspecify.annotations.Nullable;

/** One connection through a proxy. Used by the proxy's thread only. */
final class ProxyLink {

  private final ProxyLoop loop;
  private final SocketChannel client;
  private final @Nullable SocketChannel server;
  private final ProxyPipe toServer;
  private final ProxyPipe toClient;
  private boolean connected;
  private boolean marked;

  /** Whether it cannot go on, and only a fault keeps that from those who should be told. */
  private boolean spoilt;

  /** Whether what the client said last is to be counted apart, with the answer. */
  private boolean setAside;

  /** Whether the server has spoken since the client has. */
  private boolean answered = true;

  /** Makes a link; without a server nobody will ever answer. */
  ProxyLink(ProxyLoop loop, SocketChannel client, @Nullable SocketChannel server)
      throws IOException {
    this.loop = loop;
    this.client = client;
    this.server = server;
    toServer = new ProxyPipe(loop, this, Direction.TO_SERVER);
    toClient = new ProxyPipe(loop, this, Direction.TO_CLIENT);
    prepare(client);
    if (server == null) {
      spoilt = true;
    } else {
      prepare(server);
    }
  }

  private void prepare(SocketChannel channel) throws IOException {
    channel.configureBlocking(false);
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    channel.register(loop.selector(), 0, this);
  }

  void connect(SocketAddress address) {
    SocketChannel target = server;
    try {
      if (target != null) {
        connected = target.connect(address);
      }
      update();
    } catch (IOException refused) {
      fail(Direction.TO_CLIENT);
    }
  }

  /** Does what a channel is ready for. */
  void ready(SelectionKey key) {
    boolean fromClient = key.channel() == client;
    if (key.isConnectable()) {
      finishConnect();
    }
    if (key.isValid() && key.isReadable()) {
      (fromClient ? toServer : toClient).read();
    }
    if (key.isValid() && key.isWritable()) {
      (fromClient ? toClient : toServer).flush();
    }
    update();
  }

  private void finishConnect() {
    try {
      connected = server != null && server.finishConnect();
    } catch (IOException refused) {
      fail(Direction.TO_CLIENT);
    }
  }

  /** Sends what is due, and closes a connection that both sides have closed. */
  void flush() {
    if (connected) {
      toServer.flush();
      toClient.flush();
      update();
    }
    if (toServer.ended() && toClient.ended()) {
      close();
    }
  }

  /** Makes the selector wait for what this link can do now. */
  void update() {
    int ofClient = (toServer.wantsRead() ? SelectionKey.OP_READ : 0) | toClient.writeInterest();
    int ofServer = (toClient.wantsRead() ? SelectionKey.OP_READ : 0) | toServer.writeInterest();
    interest(client, connected ? ofClient : 0);
    if (server != null) {
      interest(server, connected ? ofServer : SelectionKey.OP_CONNECT);
    }
  }

  private void interest(SocketChannel channel, int operations) {
    SelectionKey key = channel.keyFor(loop.selector());
    if (key != null && key.isValid()) {
      key.interestOps(spoilt && operations == SelectionKey.OP_CONNECT ? 0 : operations);
    }
  }

  /** The channel that bytes of a direction come from. */
  SocketChannel source(Direction direction) {
    return direction == Direction.TO_SERVER || server == null ? client : server;
  }

  /** The channel that bytes of a direction go to. */
  SocketChannel sink(Direction direction) {
    return direction == Direction.TO_CLIENT || server == null ? client : server;
  }

  /** Takes note of bytes from the client. */
  void asked(int bytes, boolean aside) {
    setAside = aside;
    answered = false;
    note(Direction.TO_SERVER, bytes);
  }

  /** Takes note of bytes from the server. */
  void answered(int bytes) {
    note(Direction.TO_CLIENT, bytes);
    if (!answered) {
      (setAside ? loop.counts().roundTripsSetAside() : loop.counts().roundTrips())
          .incrementAndGet();
      answered = true;
    }
  }

  private void note(Direction direction, int bytes) {
    if (!setAside) {
      loop.counts().bytes(direction).addAndGet(bytes);
    }
  }

  void mark() {
    marked = true;
  }

  boolean drops(Direction direction) {
    return loop.faults().dropped().contains(direction)
        || (marked && direction == Direction.TO_CLIENT && loop.faults().dropsMarked());
  }

  void spoil() {
    spoilt = true;
  }

  /** One end is gone; the other one is told, unless a fault prevents that. */
  void fail(Direction told) {
    if (loop.passes(told) && !drops(told)) {
      reset();
    } else {
      spoilt = true;
      toServer.stop();
      toClient.stop();
    }
  }

  void heal() {
    if (spoilt) {
      reset();
    } else {
      flush();
    }
  }

  long nanosUntilDue() {
    return connected
        ? Math.min(toServer.nanosUntilDue(), toClient.nanosUntilDue())
        : Long.MAX_VALUE;
  }

  /** Resets both ends. */
  void reset() {
    reset(client);
    if (server != null) {
      reset(server);
    }
    loop.forget(this);
  }

  private void close() {
    try {
      client.close();
      if (server != null) {
        server.close();
      }
    } catch (IOException closed) {
      // As it should be.
    }
    loop.forget(this);
  }

  /** Closes a channel in the way that its peer sees as a reset. */
  static void reset(SocketChannel channel) {
    try {
      channel.setOption(StandardSocketOptions.SO_LINGER, 0);
      channel.close();
    } catch (IOException closed) {
      // As it should be.
    }
  }
}
