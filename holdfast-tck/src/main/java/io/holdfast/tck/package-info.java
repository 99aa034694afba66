/**
 * The rules of SPEC.md as tests for any engine, and a checker of histories.
 *
 * <p>An engine's whole test is a class that extends {@link io.holdfast.tck.EngineKit} and says how
 * to open the engine.
 */
@NullMarked
package io.holdfast.tck;

import org.jspecify.annotations.NullMarked;
