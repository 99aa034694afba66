package io.holdfast.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A connection that prepares each statement once. For one thread at a time. */
final class Sql implements AutoCloseable {

  /** Turns the current row into a value. */
  @FunctionalInterface
  interface Row<T> {

    /** Reads, but does not move. */
    T read(ResultSet row) throws SQLException;
  }

  @FunctionalInterface
  private interface Use<T> {
    T of(PreparedStatement statement) throws SQLException;
  }

  private final Connection connection;
  private final Map<String, PreparedStatement> prepared = new HashMap<>();

  Sql(Connection connection) {
    this.connection = connection;
  }

  /** Runs a statement that gives no rows; returns how many it changed. */
  int update(String sql, @Nullable Object... parameters) throws SQLException {
    return use(sql, PreparedStatement::executeUpdate, parameters);
  }

  /** Runs a statement that gives any number of rows. */
  <T> List<T> list(String sql, Row<T> row, @Nullable Object... parameters) throws SQLException {
    return use(
        sql,
        statement -> {
          List<T> values = new ArrayList<>();
          try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
              values.add(row.read(rows));
            }
          }
          return values;
        },
        parameters);
  }

  /** Runs a statement that gives one row or none. */
  <T> Optional<T> first(String sql, Row<T> row, @Nullable Object... parameters)
      throws SQLException {
    return use(
        sql,
        statement -> {
          try (ResultSet rows = statement.executeQuery()) {
            return rows.next() ? Optional.of(row.read(rows)) : Optional.empty();
          }
        },
        parameters);
  }

  /** Runs a statement whose answer is a number. */
  long number(String sql, @Nullable Object... parameters) throws SQLException {
    return first(sql, row -> row.getLong(1), parameters)
        .orElseThrow(() -> new SQLException("no answer to " + sql));
  }

  private <T> T use(String sql, Use<T> use, @Nullable Object... parameters) throws SQLException {
    PreparedStatement statement = prepared.get(sql);
    if (statement == null) {
      statement = connection.prepareStatement(sql);
      prepared.put(sql, statement);
    }
    try {
      for (int i = 0; i < parameters.length; i++) {
        statement.setObject(i + 1, parameters[i]);
      }
      return use.of(statement);
    } catch (SQLException failure) {
      // A driver may have closed it, and need not say so.
      prepared.remove(sql);
      throw failure;
    }
  }

  /** The connection, for what is not a statement. */
  Connection connection() {
    return connection;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
