package io.holdfast.etcd;

import com.google.protobuf.ByteString;

/**
 * The keys of a space.
 *
 * <pre>
 *   root/space/format       the version of this layout, rewritten by every session that is opened
 *   root/space/r/NAME       a lock's record
 *   root/space/s/SESSION    what a session says of itself; the session lives as long as the key
 *   root/space/w/SESSION    the name for which the session was woken last
 *   root/space/p/SESSION    what the session has published
 * </pre>
 *
 * The keys of a session are bound to its lease, so they vanish with it, all in one step.
 */
final class Keys {

  private static final int HEX_DIGITS = 16;

  private final ByteString prefix;
  private final ByteString format;
  private final ByteString records;

  Keys(String root, String space) {
    // An escaped slash keeps the keys of one space out of those of another.
    String escaped = space.replace("%", "%25").replace("/", "%2F");
    prefix = ByteString.copyFromUtf8((root.isEmpty() ? "" : root + "/") + escaped + "/");
    format = prefix.concat(ByteString.copyFromUtf8("format"));
    records = prefix.concat(ByteString.copyFromUtf8("r/"));
  }

  ByteString prefix() {
    return prefix;
  }

  ByteString format() {
    return format;
  }

  ByteString record(String name) {
    return records.concat(StoredName.of(name));
  }

  /** The name in a record's key. */
  String name(ByteString key) {
    return StoredName.read(key.substring(records.size()));
  }

  ByteString session(long session) {
    return of("s/", session);
  }

  ByteString mailbox(long session) {
    return of("w/", session);
  }

  ByteString report(long session) {
    return of("p/", session);
  }

  private ByteString of(String kind, long session) {
    String digits = Long.toHexString(session);
    String padded = "0".repeat(HEX_DIGITS - digits.length()) + digits;
    return prefix.concat(ByteString.copyFromUtf8(kind + padded));
  }

  /** The first key after all that begin with this one. */
  static ByteString after(ByteString beginning) {
    int last = beginning.size() - 1;
    while (last >= 0 && beginning.byteAt(last) == (byte) 0xFF) {
      last--;
    }
    if (last < 0) {
      return ByteString.copyFrom(new byte[1]); // For etcd: no end.
    }
    byte next = (byte) (beginning.byteAt(last) + 1);
    return beginning.substring(0, last).concat(ByteString.copyFrom(new byte[] {next}));
  }

  /** The first key after this one. */
  static ByteString next(ByteString key) {
    return key.concat(ByteString.copyFrom(new byte[1]));
  }
}
