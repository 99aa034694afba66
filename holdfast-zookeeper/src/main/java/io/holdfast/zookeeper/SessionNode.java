package io.holdfast.zookeeper;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.SessionTerms;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The content of a session's znode.
 *
 * @param terms what the session said of itself
 * @param report what it has published; {@code null} if nothing
 */
@SuppressWarnings("ArrayRecordComponent") // Compared by nobody, and never copied on the way.
record SessionNode(SessionTerms terms, byte @Nullable [] report) {

  private static final byte FORMAT = 1;

  byte[] encode() {
    byte[] node = terms.node().getBytes(StandardCharsets.UTF_8);
    byte[] host = terms.host().getBytes(StandardCharsets.UTF_8);
    byte[] own = report == null ? new byte[0] : report;
    int size = 1 + 2 * Long.BYTES + 3 * Integer.BYTES + node.length + host.length + own.length;
    ByteBuffer buffer = ByteBuffer.allocate(size);
    buffer.put(FORMAT).putLong(terms.ttl().toNanos()).putLong(terms.pid());
    buffer.putInt(node.length).put(node).putInt(host.length).put(host);
    return buffer.putInt(report == null ? -1 : own.length).put(own).array();
  }

  /**
   * Reads a node.
   *
   * @throws EngineUnavailableException if it was written by another Holdfast, or by somebody else
   */
  static SessionNode decode(byte[] bytes) {
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      byte format = buffer.get();
      if (format != FORMAT) {
        throw unreadable("has the format " + format);
      }
      Duration ttl = Duration.ofNanos(buffer.getLong());
      long pid = buffer.getLong();
      String node = text(buffer);
      String host = text(buffer);
      int length = buffer.getInt();
      return new SessionNode(
          new SessionTerms(ttl, node, host, pid), length < 0 ? null : take(buffer, length));
    } catch (BufferUnderflowException | IllegalArgumentException damaged) {
      throw unreadable("is damaged (" + damaged + ")");
    }
  }

  private static String text(ByteBuffer buffer) {
    return new String(take(buffer, buffer.getInt()), StandardCharsets.UTF_8);
  }

  private static byte[] take(ByteBuffer buffer, int length) {
    if (length < 0 || length > buffer.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] taken = new byte[length];
    buffer.get(taken);
    return taken;
  }

  private static EngineUnavailableException unreadable(String why) {
    return new EngineUnavailableException(
        "the node of a session "
            + why
            + ", and this Holdfast knows "
            + FORMAT
            + "; use one version of Holdfast in a space");
  }
}
