/** A small tree that breaks every layering rule, to prove that the rules see it. */
package io.holdfast.arch.broken;
