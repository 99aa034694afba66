/** Holdfast beside the best-known Java lock of each store, on the same server in the same run. */
@NullMarked
package io.holdfast.peers;

import org.jspecify.annotations.NullMarked;
