/** Benchmarks with their budgets, and the command that runs and judges them. */
@NullMarked
package io.holdfast.bench;

import org.jspecify.annotations.NullMarked;
