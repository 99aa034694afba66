package io.holdfast.engine;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The rule for lock names: UTF-8, 1 to 512 bytes, by convention a path with {@code /}. */
public final class LockNames {

  /** How many bytes of UTF-8 a name may have. */
  public static final int MAX_BYTES = 512;

  private LockNames() {}

  /**
   * Checks a name.
   *
   * @return the name
   * @throws IllegalArgumentException if it is empty, too long, or no valid Unicode
   */
  public static String require(String name) {
    if (name.isEmpty()) {
      throw new IllegalArgumentException(
          "a lock name must not be empty; name what is protected, for example \"orders/42\"");
    }
    int bytes;
    try {
      ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
      bytes = encoded.remaining();
    } catch (CharacterCodingException malformed) {
      throw new IllegalArgumentException(
          "a lock name must be valid Unicode, so that it has a UTF-8 form; this one has a lone"
              + " surrogate: encode binary names, for example in hex",
          malformed);
    }
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(
          "a lock name may have "
              + MAX_BYTES
              + " bytes of UTF-8, not "
              + bytes
              + "; use a shorter name or a hash of it");
    }
    return name;
  }
}
