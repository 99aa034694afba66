package io.holdfast.zookeeper;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;

/** Any text as the name of a znode, and back. */
final class NodeName {

  // A znode's name may not have a slash, control characters, surrogates or private use characters,
  // and may not be "." or "..". So everything but the plainest ASCII is written as in URLs: the
  // bytes of UTF-8, each as %XX. A dot is plain except at the beginning. The result has only one
  // form, so equal names and only those are equal nodes. The order of String.compareTo is not kept:
  // listings have to be sorted after decoding.

  private static final HexFormat HEX = HexFormat.of().withUpperCase();
  private static final String PLAIN = "-_.~:@+,=";

  private NodeName() {}

  static String of(String text) {
    StringBuilder encoded = new StringBuilder(text.length() + 16);
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      char c = (char) (octet & 0xff);
      if (plain(c) && !(c == '.' && encoded.isEmpty())) {
        encoded.append(c);
      } else {
        encoded.append('%');
        HEX.toHexDigits(encoded, octet);
      }
    }
    return encoded.toString();
  }

  private static boolean plain(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || PLAIN.indexOf(c) >= 0;
  }

  /** The text; empty if the node was not named by {@link #of}. */
  static Optional<String> read(String node) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(node.length());
    for (int i = 0; i < node.length(); i++) {
      char c = node.charAt(i);
      if (c != '%') {
        bytes.write(c);
      } else if (i + 2 < node.length()
          && HexFormat.isHexDigit(node.charAt(i + 1))
          && HexFormat.isHexDigit(node.charAt(i + 2))) {
        bytes.write(HexFormat.fromHexDigits(node, i + 1, i + 3));
        i += 2;
      } else {
        return Optional.empty();
      }
    }
    try {
      ByteBuffer encoded = ByteBuffer.wrap(bytes.toByteArray());
      String text = StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
      return of(text).equals(node) ? Optional.of(text) : Optional.empty();
    } catch (CharacterCodingException foreign) {
      return Optional.empty();
    }
  }
}
