package io.holdfast.zookeeper;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.net.URI;

/**
 * Locks in a ZooKeeper ensemble of version 3.6 or newer.
 *
 * <pre>{@code
 * zookeeper://HOST:PORT,HOST:PORT,.../CHROOT?OPTION=VALUE&...
 * }</pre>
 *
 * <p>The port is 2181 unless told otherwise. Everything is kept below {@code /CHROOT/SPACE}, which
 * is made when it is missing. Options, with special characters as {@code %XX}:
 *
 * <ul>
 *   <li>{@code auth=SCHEME:CREDENTIALS}, for example {@code auth=digest:USER:PASSWORD}: who we are.
 *       Nodes that are made belong to this user alone. Without it, everybody may use them.
 *   <li>{@code tls=true}: speak TLS. The stores are those of {@code keyStore}, {@code
 *       keyStorePassword}, {@code trustStore} and {@code trustStorePassword}, or of the system
 *       properties {@code zookeeper.ssl.*}.
 * </ul>
 */
public final class ZooKeeperEngine {

  private ZooKeeperEngine() {}

  /**
   * Connects to an ensemble. Blocks until there is a connection, for some seconds at most.
   *
   * @param uri as above
   * @param space the namespace of locks in the ensemble
   * @param environment clocks, scheduler and chance; owned and closed by the caller
   * @throws IllegalArgumentException if the URI is malformed; the message shows a right one
   * @throws io.holdfast.EngineUnavailableException if the ensemble cannot be used; the message says
   *     what to check
   */
  public static Engine open(URI uri, String space, Environment environment) {
    Location location = Location.parse(uri);
    return new StoreEngine(ZooKeeperRecordStore.open(location, space, environment), environment);
  }
}
