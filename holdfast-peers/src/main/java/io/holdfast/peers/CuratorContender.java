package io.holdfast.peers;

import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** Curator's mutex. */
final class CuratorContender implements Contender {

  private final CuratorFramework client;

  CuratorContender(int port) {
    client =
        CuratorFrameworkFactory.newClient(
            "127.0.0.1:" + port, new ExponentialBackoffRetry(100, 10));
    client.start();
  }

  @Override
  public Taken take(String name) throws Exception {
    InterProcessMutex mutex = new InterProcessMutex(client, "/curator/" + name);
    mutex.acquire();
    return mutex::release;
  }

  @Override
  public void close() {
    client.close();
  }
}
