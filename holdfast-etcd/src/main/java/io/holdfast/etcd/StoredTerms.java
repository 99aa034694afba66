package io.holdfast.etcd;

import com.google.protobuf.ByteString;
import io.holdfast.engine.SessionTerms;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;

/** What a session says of itself, as stored. */
final class StoredTerms {

  private static final int FORMAT = 1;

  private StoredTerms() {}

  static ByteString of(SessionTerms terms) {
    ByteString.Output bytes = ByteString.newOutput();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(FORMAT);
      out.writeLong(terms.ttl().toNanos());
      out.writeUTF(terms.node());
      out.writeUTF(terms.host());
      out.writeLong(terms.pid());
    } catch (IOException tooLong) {
      throw new UncheckedIOException(
          "the names of a node and of its host are at most 65,535 bytes; choose shorter ones",
          tooLong);
    }
    return bytes.toByteString();
  }

  /**
   * Empty if a newer version of Holdfast has written it: it is for people, nobody depends on it.
   */
  static Optional<SessionTerms> read(ByteString stored) {
    try (DataInputStream in = new DataInputStream(stored.newInput())) {
      if (in.readByte() != FORMAT) {
        return Optional.empty();
      }
      return Optional.of(
          new SessionTerms(
              Duration.ofNanos(in.readLong()), in.readUTF(), in.readUTF(), in.readLong()));
    } catch (IOException | IllegalArgumentException foreign) {
      return Optional.empty();
    }
  }
}
