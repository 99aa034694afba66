package io.holdfast.jdbc;

import java.nio.charset.StandardCharsets;

/** How lock names are stored: as bytes, whose order is that of {@link String#compareTo}. */
final class StoredName {

  // A column of text would sort by the collation of the database, and UTF-8 puts characters beyond
  // U+FFFF after all others, where compareTo puts them before U+E000. The bytes of UTF-16BE compare
  // as the strings do, in every database, and names with a prefix are bytes with a prefix.

  private StoredName() {}

  static byte[] of(String name) {
    return name.getBytes(StandardCharsets.UTF_16BE);
  }

  static String read(byte[] stored) {
    return new String(stored, StandardCharsets.UTF_16BE);
  }
}
