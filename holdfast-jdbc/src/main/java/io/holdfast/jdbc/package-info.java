/**
 * Engines on SQL databases. {@link io.holdfast.jdbc.FileEngine} keeps locks in a file, for the
 * processes of one machine.
 */
@NullMarked
package io.holdfast.jdbc;

import org.jspecify.annotations.NullMarked;
