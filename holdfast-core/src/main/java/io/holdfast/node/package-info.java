/**
 * The local lock layer, internal to Holdfast: one {@link io.holdfast.node.LocalLock} per name in
 * front of the engine, one session per node.
 *
 * <p>Threads of one node queue here, and a released lock stays here until another node asks for it.
 */
@NullMarked
package io.holdfast.node;

import org.jspecify.annotations.NullMarked;
