/**
 * What a node needs of the place where locks are kept, and the two ways to offer it: the rules over
 * a whole space in memory, and the rules over one record at a time in a store with compare-and-set.
 */
@NullMarked
package io.holdfast.engine;

import org.jspecify.annotations.NullMarked;
