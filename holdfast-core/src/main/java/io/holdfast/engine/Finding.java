package io.holdfast.engine;

/**
 * What an engine found when it looked at its store, for {@code holdfast doctor}.
 *
 * @param level how bad it is
 * @param subject what was looked at, in a few words: {@code maxmemory-policy}
 * @param text what was found and, unless it is fine, what to do about it
 */
public record Finding(Level level, String subject, String text) {

  /** How bad a finding is. */
  public enum Level {
    /** As it should be. */
    FINE,
    /** The store does not tell, or does not allow to ask. */
    UNKNOWN,
    /** Works, but slower than it could, or weaker in a case that the text names. */
    WARNING,
    /** Locks may be lost or given twice. */
    UNSAFE
  }
}
