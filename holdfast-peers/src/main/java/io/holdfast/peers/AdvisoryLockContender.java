package io.holdfast.peers;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** PostgreSQL's advisory lock of a session: a connection for each lock that is held or wanted. */
final class AdvisoryLockContender implements Contender {

  private static final int CONNECTIONS = 64;

  private final HikariDataSource connections;

  AdvisoryLockContender(String url) {
    connections = pool(url);
  }

  /** As many connections as threads. */
  static HikariDataSource pool(String url) {
    HikariConfig config = new HikariConfig();
    config.setJdbcUrl(url);
    config.setMaximumPoolSize(CONNECTIONS);
    config.setMinimumIdle(0);
    return new HikariDataSource(config);
  }

  @Override
  public Taken take(String name) throws SQLException {
    Connection connection = connections.getConnection();
    call(connection, "SELECT pg_advisory_lock(hashtextextended(?, 0))", name);
    return () -> {
      try (connection) {
        call(connection, "SELECT pg_advisory_unlock(hashtextextended(?, 0))", name);
      }
    };
  }

  private static void call(Connection connection, String query, String name) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setString(1, name);
      statement.execute();
    }
  }

  @Override
  public void close() {
    connections.close();
  }
}
