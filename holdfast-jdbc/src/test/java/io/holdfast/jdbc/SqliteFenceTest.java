package io.holdfast.jdbc;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/** The guards on SQLite; on servers they are tested with the stores. */
class SqliteFenceTest implements JdbcFenceRules {

  @TempDir static Path directory;

  @Override
  public String jdbcUrl() {
    return "jdbc:sqlite:" + directory.resolve("app.db") + "?transaction_mode=IMMEDIATE";
  }
}
