/**
 * Seeded simulation: the production code of nodes and engines in a world whose time, chance,
 * threads and network are made here. One event queue drives everything, so a seed names a run.
 */
@NullMarked
package io.holdfast.sim;

import org.jspecify.annotations.NullMarked;
