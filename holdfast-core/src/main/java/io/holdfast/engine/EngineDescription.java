package io.holdfast.engine;

import java.util.List;

/**
 * What an engine is and promises.
 *
 * @param type short name: {@code memory}, {@code file}, {@code postgresql}, …
 * @param location where it keeps the records, without secrets
 * @param guarantees one line each: what happens on a crash, a pause, a clock jump, a restart, …
 */
public record EngineDescription(String type, String location, List<String> guarantees) {

  /** Takes an unmodifiable copy. */
  public EngineDescription {
    guarantees = List.copyOf(guarantees);
  }
}
