package io.holdfast.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** The scripts that run inside the server; each file says what it takes and returns. */
enum Script {
  DRAW(true, true),
  COMPARE_AND_SET(true, true),
  OPEN_SESSION(true, false),
  RENEW_SESSION(true, true),
  PUBLISH(true, false),
  LIST(false, false),
  ALIVE(false, false),
  DESCRIBE(false, false),
  PUBLISHED(false, false),
  FENCE(true, false);

  private final boolean changes;
  private final String body;
  private final String digest;

  Script(boolean changes, boolean usesState) {
    this.changes = changes;
    String own = load(name().toLowerCase(Locale.ROOT));
    body = usesState ? load("state") + own : own;
    digest = sha1(body);
  }

  /** Whether it is unclear what has happened if it is sent and not answered. */
  boolean changes() {
    return changes;
  }

  String text() {
    return body;
  }

  byte[] body() {
    return body.getBytes(StandardCharsets.UTF_8);
  }

  /** The name under which a server knows the script once it has run it. */
  String sha1() {
    return digest;
  }

  byte[] digest() {
    return digest.getBytes(StandardCharsets.US_ASCII);
  }

  private static String load(String name) {
    String file = name + ".lua";
    try (InputStream in = Script.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(file + " is missing; reinstall holdfast-redis");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }

  private static String sha1(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java platform has SHA-1", impossible);
    }
  }
}
