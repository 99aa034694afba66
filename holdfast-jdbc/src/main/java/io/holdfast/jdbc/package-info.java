/**
 * Engines on SQL databases. {@link io.holdfast.jdbc.FileEngine} keeps locks in a file, for the
 * processes of one machine; {@link io.holdfast.jdbc.DatabaseEngine} in the tables of a database
 * server. {@link io.holdfast.jdbc.JdbcFence} guards what is written to a database.
 */
@NullMarked
package io.holdfast.jdbc;

import org.jspecify.annotations.NullMarked;
