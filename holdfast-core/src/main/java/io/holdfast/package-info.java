/**
 * Distributed locks that are safe, fast and explainable. Start with {@link io.holdfast.Holdfast}.
 *
 * <p>The lease gives liveness and best-effort exclusion; the fencing token gives safety.
 */
@NullMarked
package io.holdfast;

import org.jspecify.annotations.NullMarked;
