package io.holdfast.tck;

import io.holdfast.engine.RecordStore.Entry;
import io.holdfast.engine.RecordStore.Outcome;
import io.holdfast.engine.RecordStore.Stored;
import io.holdfast.engine.RecordStore.Write;
import io.holdfast.engine.SessionTerms;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How {@link WireRecordStore} and {@link WireServer} write what they say to each other. */
final class WireProtocol {

  /** The first word of a connection for requests, and of one for notifications. */
  static final String REQUESTS = "REQUESTS";

  static final String SUBSCRIBE = "SUBSCRIBE";

  private WireProtocol() {}

  static void bytes(DataOutput out, byte[] bytes) throws IOException {
    out.writeInt(bytes == null ? -1 : bytes.length);
    if (bytes != null) {
      out.write(bytes);
    }
  }

  static byte[] bytes(DataInput in) throws IOException {
    int length = in.readInt();
    if (length < 0) {
      return null;
    }
    byte[] bytes = new byte[length];
    in.readFully(bytes);
    return bytes;
  }

  static void stored(DataOutput out, Stored stored) throws IOException {
    out.writeLong(stored.version());
    bytes(out, stored.bytes());
  }

  static Stored stored(DataInput in) throws IOException {
    return new Stored(in.readLong(), bytes(in));
  }

  static void write(DataOutput out, Write write) throws IOException {
    out.writeUTF(write.name());
    out.writeLong(write.expected());
    bytes(out, write.bytes());
    numbers(out, write.wake());
  }

  static Write write(DataInput in) throws IOException {
    return new Write(in.readUTF(), in.readLong(), bytes(in), numbers(in));
  }

  static void outcome(DataOutput out, Outcome outcome) throws IOException {
    out.writeBoolean(outcome.written());
    stored(out, outcome.current());
  }

  static Outcome outcome(DataInput in) throws IOException {
    return new Outcome(in.readBoolean(), stored(in));
  }

  static void entries(DataOutput out, List<Entry> entries) throws IOException {
    out.writeInt(entries.size());
    for (Entry entry : entries) {
      out.writeUTF(entry.name());
      stored(out, entry.stored());
    }
  }

  static List<Entry> entries(DataInput in) throws IOException {
    List<Entry> entries = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      entries.add(new Entry(in.readUTF(), stored(in)));
    }
    return entries;
  }

  static void numbers(DataOutput out, Collection<Long> numbers) throws IOException {
    out.writeInt(numbers.size());
    for (long number : numbers) {
      out.writeLong(number);
    }
  }

  static Set<Long> numbers(DataInput in) throws IOException {
    Set<Long> numbers = new HashSet<>();
    for (int left = in.readInt(); left > 0; left--) {
      numbers.add(in.readLong());
    }
    return numbers;
  }

  static void terms(DataOutput out, SessionTerms terms) throws IOException {
    out.writeLong(terms.ttl().toMillis());
    out.writeUTF(terms.node());
    out.writeUTF(terms.host());
    out.writeLong(terms.pid());
  }

  static SessionTerms terms(DataInput in) throws IOException {
    return new SessionTerms(
        Duration.ofMillis(in.readLong()), in.readUTF(), in.readUTF(), in.readLong());
  }

  static void described(DataOutput out, Map<Long, SessionTerms> described) throws IOException {
    out.writeInt(described.size());
    for (Map.Entry<Long, SessionTerms> entry : described.entrySet()) {
      out.writeLong(entry.getKey());
      terms(out, entry.getValue());
    }
  }

  static Map<Long, SessionTerms> described(DataInput in) throws IOException {
    Map<Long, SessionTerms> described = new HashMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      described.put(in.readLong(), terms(in));
    }
    return described;
  }

  static void published(DataOutput out, Map<Long, byte[]> published) throws IOException {
    out.writeInt(published.size());
    for (Map.Entry<Long, byte[]> entry : published.entrySet()) {
      out.writeLong(entry.getKey());
      bytes(out, entry.getValue());
    }
  }

  static Map<Long, byte[]> published(DataInput in) throws IOException {
    Map<Long, byte[]> published = new HashMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      published.put(in.readLong(), bytes(in));
    }
    return published;
  }
}
