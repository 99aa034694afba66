/**
 * The engine on etcd. {@link io.holdfast.etcd.EtcdEngine} keeps locks in an etcd cluster, version
 * 3.4 or later; {@link io.holdfast.etcd.EtcdOptions} says how to reach it.
 */
@NullMarked
package io.holdfast.etcd;

import org.jspecify.annotations.NullMarked;
