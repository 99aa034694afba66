/**
 * The engine on Apache ZooKeeper: {@code zookeeper://host1:2181,host2:2181/chroot}. See {@link
 * io.holdfast.zookeeper.ZooKeeperEngine}.
 */
@NullMarked
package io.holdfast.zookeeper;

import org.jspecify.annotations.NullMarked;
