package io.holdfast.engine;

import java.net.URI;
import java.util.Set;

/**
 * Opens engines by URI. Found with {@link java.util.ServiceLoader}; stateless, with a public
 * constructor without parameters.
 */
public interface EngineProvider {

  /** The URI schemes that this provider understands, in lower case. */
  Set<String> schemes();

  /**
   * Opens an engine.
   *
   * @param uri of one of the schemes
   * @param space the namespace of locks in the store
   * @param environment clocks, scheduler and chance; owned and closed by the caller
   * @throws IllegalArgumentException if the URI is malformed; the message shows a right one
   * @throws io.holdfast.EngineUnavailableException if the store cannot be used; the message says
   *     what to check
   */
  Engine open(URI uri, String space, Environment environment);
}
