/** Locks in Redis and Valkey: standalone, Sentinel and Cluster. */
@NullMarked
package io.holdfast.redis;

import org.jspecify.annotations.NullMarked;
