package io.holdfast.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What a database stores of a space. */
final class Leftovers {

  private Leftovers() {}

  /**
   * Looks for rows of a space.
   *
   * @param records the table of records
   * @param sessions the table of sessions
   */
  static List<String> find(String jdbcUrl, String records, String sessions, String space)
      throws SQLException {
    List<String> found = new ArrayList<>();
    try (Connection connection = DriverManager.getConnection(jdbcUrl)) {
      for (String table : List.of(records, sessions)) {
        int rows = count(connection, table, space);
        if (rows > 0) {
          found.add(rows + " rows in " + table);
        }
      }
    }
    return found;
  }

  private static int count(Connection connection, String table, String space) throws SQLException {
    String query = "SELECT count(*) FROM " + table + " WHERE space = ?";
    try (PreparedStatement statement = connection.prepareStatement(query)) {
      statement.setBytes(1, space.getBytes(StandardCharsets.UTF_8));
      try (ResultSet rows = statement.executeQuery()) {
        rows.next();
        return rows.getInt(1);
      }
    }
  }
}
