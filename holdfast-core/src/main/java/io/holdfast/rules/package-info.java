/**
 * The lock rules: pure functions from a lock's state and a command to its next state, a reply and
 * events. No clock, no randomness, no I/O and no threads; time is an argument.
 */
@NullMarked
package io.holdfast.rules;

import org.jspecify.annotations.NullMarked;
