package io.holdfast.peers;

import com.zaxxer.hikari.HikariDataSource;
import java.util.concurrent.locks.Lock;
import org.springframework.integration.jdbc.lock.DefaultLockRepository;
import org.springframework.integration.jdbc.lock.JdbcLockRegistry;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;

/** Spring Integration's lock in a table. */
final class JdbcRegistryContender implements Contender {

  private final HikariDataSource connections;
  private final JdbcLockRegistry registry;

  JdbcRegistryContender(String url) {
    connections = AdvisoryLockContender.pool(url);
    DefaultLockRepository repository = new DefaultLockRepository(connections);
    repository.setTransactionManager(new DataSourceTransactionManager(connections));
    repository.afterPropertiesSet();
    repository.afterSingletonsInstantiated();
    repository.start();
    registry = new JdbcLockRegistry(repository);
  }

  @Override
  public Taken take(String name) {
    Lock lock = registry.obtain(name);
    lock.lock();
    return lock::unlock;
  }

  @Override
  public void close() {
    connections.close();
  }
}
