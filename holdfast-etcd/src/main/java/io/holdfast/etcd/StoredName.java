package io.holdfast.etcd;

import com.google.protobuf.ByteString;

/** How lock names are stored: as bytes, whose order is that of {@link String#compareTo}. */
final class StoredName {

  // UTF-8, except that a character beyond U+FFFF is stored as its two surrogates of three bytes
  // each (known as CESU-8). UTF-8 itself would put it after all others, where compareTo puts it
  // before U+E000. Names of other characters, nearly all, can be read with etcdctl.

  private static final int ONE_BYTE = 0x80;
  private static final int TWO_BYTES = 0x800;
  private static final int PART = 0x3F;

  private StoredName() {}

  static ByteString of(String name) {
    ByteString.Output bytes = ByteString.newOutput(name.length() + 8);
    for (int i = 0; i < name.length(); i++) {
      char unit = name.charAt(i);
      if (unit < ONE_BYTE) {
        bytes.write(unit);
      } else if (unit < TWO_BYTES) {
        bytes.write(0xC0 | (unit >> 6));
        bytes.write(0x80 | (unit & PART));
      } else {
        bytes.write(0xE0 | (unit >> 12));
        bytes.write(0x80 | ((unit >> 6) & PART));
        bytes.write(0x80 | (unit & PART));
      }
    }
    return bytes.toByteString();
  }

  static String read(ByteString stored) {
    StringBuilder name = new StringBuilder(stored.size());
    int at = 0;
    while (at < stored.size()) {
      int first = stored.byteAt(at) & 0xFF;
      if (first < ONE_BYTE) {
        name.append((char) first);
        at += 1;
      } else if (first < 0xE0) {
        name.append((char) (((first & 0x1F) << 6) | part(stored, at + 1)));
        at += 2;
      } else {
        name.append(
            (char) (((first & 0x0F) << 12) | (part(stored, at + 1) << 6) | part(stored, at + 2)));
        at += 3;
      }
    }
    return name.toString();
  }

  private static int part(ByteString stored, int at) {
    return stored.byteAt(at) & PART;
  }
}
