package io.holdfast.rules;

/**
 * Bytes are not what this version of Holdfast writes: a newer version wrote them, or something else
 * did. Nothing was changed.
 */
public final class UnknownFormatException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Says what was found.
   *
   * @param message what was found, what is understood, and what to do next
   */
  public UnknownFormatException(String message) {
    super(message);
  }

  /** Another format version than the one that is understood. */
  static UnknownFormatException version(String what, int found, int understood) {
    return new UnknownFormatException(
        "found a "
            + what
            + " of format version "
            + found
            + ", this Holdfast understands version "
            + understood
            + "; use the same, newest version of Holdfast everywhere, and check that nothing else"
            + " writes to this place");
  }

  /** The right format version, but no such content. */
  static UnknownFormatException malformed(String what, String problem, int offset) {
    return new UnknownFormatException(
        "found a malformed "
            + what
            + ": "
            + problem
            + " at byte "
            + offset
            + "; Holdfast writes no such thing, so check that nothing else writes to this place,"
            + " and remove it if nobody holds the lock");
  }
}
