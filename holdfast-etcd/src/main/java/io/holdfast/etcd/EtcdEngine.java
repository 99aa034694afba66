package io.holdfast.etcd;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;

/** Locks in an etcd cluster. A session is a lease, a version is a revision of the cluster. */
public final class EtcdEngine {

  private EtcdEngine() {}

  /**
   * Connects to a cluster, and sees that it answers.
   *
   * @param options where it is, and who asks
   * @param space the namespace of locks below {@link EtcdOptions#root}
   * @param environment clocks, scheduler and chance; owned and closed by the caller
   * @throws io.holdfast.EngineUnavailableException if the cluster cannot be used; the message says
   *     what to check
   */
  public static Engine open(EtcdOptions options, String space, Environment environment) {
    return new StoreEngine(EtcdRecordStore.open(options, space, environment), environment);
  }
}
