package io.holdfast.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.holdfast.fence.StaleTokenException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What the guards must do on any database; the examples of docs/guards.md are among it. */
interface JdbcFenceRules {

  /** A database to write to. */
  String jdbcUrl();

  private Connection connect(String... tables) throws SQLException {
    Connection connection = DriverManager.getConnection(jdbcUrl());
    try (Statement statement = connection.createStatement()) {
      for (String table : tables) {
        statement.execute(table);
      }
    }
    return connection;
  }

  @Test
  default void S02_aGuardedUpdateRefusesAStaleToken() throws SQLException {
    try (Connection connection =
        connect(
            "DROP TABLE IF EXISTS account",
            "CREATE TABLE account (id BIGINT PRIMARY KEY, balance BIGINT, fence BIGINT NOT NULL)",
            "INSERT INTO account VALUES (42, 100, 0)")) {
      setBalance(connection, 42, 110, 5);
      setBalance(connection, 42, 120, 5);
      setBalance(connection, 42, 130, 8);
      assertThatThrownBy(() -> setBalance(connection, 42, 0, 7))
          .isInstanceOf(StaleTokenException.class)
          .hasMessageContaining("token 7 is stale");
      assertThat(number(connection, "SELECT balance FROM account WHERE id = 42")).isEqualTo(130);
    }
  }

  private static void setBalance(Connection connection, long id, long balance, long token)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE account SET balance = ?, fence = ? WHERE id = ? AND fence <= ?")) {
      update.setLong(1, balance);
      update.setLong(2, token);
      update.setLong(3, id);
      update.setLong(4, token);
      JdbcFence.requireWritten(update.executeUpdate(), token);
    }
  }

  @Test
  default void S02_aGuardTableRefusesAStaleToken() throws SQLException {
    try (Connection connection =
        connect("DROP TABLE IF EXISTS holdfast_guard", JdbcFence.CREATE_TABLE)) {
      assertThatThrownBy(() -> JdbcFence.guard(connection, "ledger", 5))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("setAutoCommit(false)");
      connection.setAutoCommit(false);
      for (long token : new long[] {5, 5, 8}) {
        JdbcFence.guard(connection, "ledger", token);
        connection.commit();
      }
      assertThatThrownBy(() -> JdbcFence.guard(connection, "ledger", 7))
          .isInstanceOf(StaleTokenException.class)
          .hasMessageContaining("7 is stale, 8 was seen");
      connection.rollback();
      JdbcFence.guard(connection, "another", 1);
      connection.rollback();
      assertThatThrownBy(() -> JdbcFence.guard(connection, "ledger", 0))
          .isInstanceOf(IllegalArgumentException.class);
      assertThat(number(connection, "SELECT max(token) FROM holdfast_guard")).isEqualTo(8);
    }
  }

  @Test
  default void theFirstWriterOfAResourceMayHaveCompany() throws Exception {
    connect("DROP TABLE IF EXISTS holdfast_guard", JdbcFence.CREATE_TABLE).close();
    int writers = 4;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    try {
      List<Future<Boolean>> results = new ArrayList<>();
      for (int i = 1; i <= writers; i++) {
        long token = i;
        results.add(threads.submit(() -> writeTwenty(token)));
      }
      for (Future<Boolean> result : results) {
        assertThat(result.get(60, TimeUnit.SECONDS)).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
    try (Connection connection = connect()) {
      assertThat(number(connection, "SELECT count(*) FROM holdfast_guard")).isEqualTo(20);
      assertThat(number(connection, "SELECT min(token) FROM holdfast_guard")).isEqualTo(writers);
    }
  }

  private boolean writeTwenty(long token) throws SQLException {
    try (Connection connection = connect()) {
      connection.setAutoCommit(false);
      for (int i = 0; i < 20; i++) {
        boolean done = false;
        while (!done) {
          try {
            JdbcFence.guard(connection, "resource/" + i, token);
            connection.commit();
            done = true;
          } catch (StaleTokenException stale) {
            connection.rollback();
            done = true;
          } catch (SQLException collision) {
            connection.rollback();
            assertThat(collision.getMessage().toLowerCase())
                .containsAnyOf("deadlock", "busy", "locked");
          }
        }
      }
    }
    return true;
  }

  private static long number(Connection connection, String query) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      rows.next();
      return rows.getLong(1);
    }
  }
}
