package io.holdfast.rules;

import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The records of a space by name, in little memory. Not thread-safe.
 *
 * <p>Nearly all records of a large space are held by one session and waited for by nobody. Such a
 * record is kept in its binary form, some 30 bytes and one array instead of half a dozen objects.
 * The others, few but often changed, are kept as objects: to encode a long queue on every change
 * would cost more than it saves. A sorted map takes no more memory per entry than a hashed one, and
 * gives the order that listings and snapshots need.
 */
final class PackedRecords {

  /** Stored records have no unresolved ids, so any version will do to decode them. */
  private static final long ANY_VERSION = 1;

  private final NavigableMap<String, Object> byName = new TreeMap<>();

  /** The record of a lock; {@code null} if it is at rest. */
  @Nullable LockRecord get(String name) {
    Object packed = byName.get(name);
    return packed == null ? null : unpack(packed);
  }

  /** Replaces the record of a lock; {@code null} removes it. */
  void put(String name, @Nullable LockRecord record) {
    if (record == null) {
      byName.remove(name);
    } else {
      byName.put(name, pack(record));
    }
  }

  /** The instance of a name that is kept here already, so that others need not keep a second. */
  String canonical(String name) {
    String floor = byName.floorKey(name);
    return floor != null && floor.equals(name) ? floor : name;
  }

  int size() {
    return byName.size();
  }

  /** Visits all records in the order of names. */
  void forEach(BiConsumer<String, LockRecord> visitor) {
    byName.forEach((name, packed) -> visitor.accept(name, unpack(packed)));
  }

  /** The first records after a name, of those whose names have a prefix. */
  SortedMap<String, LockRecord> list(String prefix, String after, int limit) {
    // Names with a common prefix are neighbours in this order.
    Map<String, Object> rest =
        after.compareTo(prefix) < 0 ? byName.tailMap(prefix, true) : byName.tailMap(after, false);
    SortedMap<String, LockRecord> page = new TreeMap<>();
    for (Map.Entry<String, Object> entry : rest.entrySet()) {
      if (page.size() >= limit || !entry.getKey().startsWith(prefix)) {
        break;
      }
      page.put(entry.getKey(), unpack(entry.getValue()));
    }
    return page;
  }

  private static Object pack(LockRecord record) {
    return record.queue().isEmpty() && record.grants().size() == 1
        ? RecordCodec.encode(record)
        : record;
  }

  private static LockRecord unpack(Object packed) {
    return packed instanceof byte[] bytes
        ? RecordCodec.decode(bytes, ANY_VERSION)
        : (LockRecord) packed;
  }
}
