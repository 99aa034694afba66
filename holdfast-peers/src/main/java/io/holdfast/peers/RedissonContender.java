package io.holdfast.peers;

import org.redisson.Redisson;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.config.Config;

/** Redisson's lock, renewed by its watchdog. */
final class RedissonContender implements Contender {

  private final RedissonClient client;

  RedissonContender(int port) {
    Config config = new Config();
    config.useSingleServer().setAddress("redis://127.0.0.1:" + port);
    client = Redisson.create(config);
  }

  @Override
  public Taken take(String name) {
    RLock lock = client.getLock(name);
    lock.lock();
    return lock::unlock;
  }

  @Override
  public void close() {
    client.shutdown();
  }
}
