/**
 * Guards with which a resource refuses a stale fencing token: remember the largest token seen,
 * refuse smaller ones, accept equal ones.
 */
@NullMarked
package io.holdfast.fence;

import org.jspecify.annotations.NullMarked;
