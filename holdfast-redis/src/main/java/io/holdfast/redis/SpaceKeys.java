package io.holdfast.redis;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** The keys and channels of a space, and how names are written. */
final class SpaceKeys {

  // All keys of a space have one hash tag, so that in a cluster they share one slot and a script
  // may use them together.
  //
  // Names are written in CESU-8: for all but supplementary characters it is UTF-8, and its bytes
  // sort as the chars of a Java string do. UTF-8 puts supplementary characters last.
  private static final Charset NAMES = Charset.forName("CESU-8");

  private final String prefix;
  private final byte[] version;
  private final byte[] locks;
  private final byte[] names;

  SpaceKeys(String space) {
    // A brace in the space would end the tag.
    String tag = space.replace("%", "%25").replace("{", "%7B").replace("}", "%7D");
    prefix = "holdfast:{" + tag + "}:";
    version = key("version");
    locks = key("locks");
    names = key("names");
  }

  /** Hash: the version counter, and what else the space remembers at rest. */
  byte[] version() {
    return version;
  }

  /** Hash: name to record. */
  byte[] locks() {
    return locks;
  }

  /** Sorted set: the names of all records, in their order. */
  byte[] names() {
    return names;
  }

  /** Hash that expires: what a session said of itself. */
  byte[] session(long id) {
    return key("session:" + id);
  }

  /** Channel: the names at which a session is to look. */
  byte[] channel(long session) {
    return key("wake:" + session);
  }

  /** The session of a channel. */
  static long session(byte[] channel) {
    String text = new String(channel, StandardCharsets.UTF_8);
    return Long.parseLong(text.substring(text.lastIndexOf(':') + 1));
  }

  static byte[] name(String name) {
    return name.getBytes(NAMES);
  }

  static String name(byte[] written) {
    return new String(written, NAMES);
  }

  private byte[] key(String rest) {
    return (prefix + rest).getBytes(StandardCharsets.UTF_8);
  }
}
