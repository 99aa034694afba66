package io.holdfast.tck;

import io.holdfast.tck.FaultyProxy.Direction;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.util.ArrayDeque;

/** One direction of a connection through a proxy. Used by the proxy's thread only. */
final class ProxyPipe {

  /** What may wait for its time, or for a peer that does not read. */
  private static final int MAX_PENDING_BYTES = 1 << 26;

  private record Chunk(ByteBuffer bytes, long due) {}

  private final ProxyLoop loop;
  private final ProxyLink link;
  private final Direction direction;
  private final ArrayDeque<Chunk> pending = new ArrayDeque<>();
  private int pendingBytes;
  private boolean sourceEnded;
  private boolean sinkEnded;
  private boolean sinkFull;
  private boolean stopped;

  ProxyPipe(ProxyLoop loop, ProxyLink link, Direction direction) {
    this.loop = loop;
    this.link = link;
    this.direction = direction;
  }

  boolean wantsRead() {
    return !sourceEnded && !stopped && !stalled() && pendingBytes < MAX_PENDING_BYTES;
  }

  int writeInterest() {
    return sinkFull && !stalled() && !stopped ? SelectionKey.OP_WRITE : 0;
  }

  private boolean stalled() {
    return loop.faults().stalled().contains(direction);
  }

  /** Whether the end of what the source says has been passed on. */
  boolean ended() {
    return sinkEnded;
  }

  /** Gives up. */
  void stop() {
    stopped = true;
    pending.clear();
    sinkFull = false;
  }

  void read() {
    if (!wantsRead()) {
      return;
    }
    ByteBuffer buffer = loop.buffer();
    try {
      int count = link.source(direction).read(buffer);
      if (count > 0) {
        pass(buffer.flip());
      } else if (count < 0) {
        sourceEnded = true;
        if (link.drops(direction)) {
          link.spoil();
        } else {
          flush();
        }
      }
    } catch (IOException reset) {
      link.fail(direction);
    }
  }

  private void pass(ByteBuffer buffer) {
    if (direction == Direction.TO_SERVER) {
      link.asked(buffer.remaining(), contains(buffer, loop.counts().setAside()));
      if (contains(buffer, loop.faults().mark())) {
        link.mark();
      }
    } else {
      link.answered(buffer.remaining());
    }
    if (link.drops(direction)) {
      link.spoil();
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate(buffer.remaining()).put(buffer).flip();
    pendingBytes += bytes.remaining();
    pending.add(new Chunk(bytes, loop.nanoTime() + loop.faults().delayNanos(direction)));
    flush();
  }

  private static boolean contains(ByteBuffer buffer, byte[] text) {
    if (text.length == 0) {
      return false;
    }
    ByteBuffer wanted = ByteBuffer.wrap(text);
    for (int at = 0; at + text.length <= buffer.limit(); at++) {
      if (buffer.slice(at, text.length).equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  /** Writes what is due. */
  void flush() {
    sinkFull = false;
    if (stopped || stalled()) {
      return;
    }
    try {
      while (!pending.isEmpty() && pending.element().due() - loop.nanoTime() <= 0) {
        ByteBuffer bytes = pending.element().bytes();
        pendingBytes -= link.sink(direction).write(bytes);
        if (bytes.hasRemaining()) {
          sinkFull = true;
          return;
        }
        pending.remove();
      }
      if (sourceEnded && pending.isEmpty() && !sinkEnded && !link.drops(direction)) {
        sinkEnded = true;
        link.sink(direction).shutdownOutput();
      }
    } catch (IOException gone) {
      link.fail(direction == Direction.TO_SERVER ? Direction.TO_CLIENT : Direction.TO_SERVER);
    }
  }

  long nanosUntilDue() {
    return pending.isEmpty() || sinkFull || stopped || stalled()
        ? Long.MAX_VALUE
        : pending.element().due() - loop.nanoTime();
  }
}
