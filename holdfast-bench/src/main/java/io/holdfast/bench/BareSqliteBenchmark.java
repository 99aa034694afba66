package io.holdfast.bench;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The floor of the file engine: the two commits that tell other processes, and no lock rules. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class BareSqliteBenchmark {

  private final ScratchDirectory directory = new ScratchDirectory();
  private final Connection connection;
  private final PreparedStatement insert;
  private final PreparedStatement delete;

  /** Opens a file as the engine does: write-ahead log, no wait for the disk at a commit. */
  public BareSqliteBenchmark() {
    try {
      connection = DriverManager.getConnection("jdbc:sqlite:" + directory.file("bare"));
      try (Statement statement = connection.createStatement()) {
        statement.execute("PRAGMA journal_mode = WAL");
        statement.execute("PRAGMA synchronous = NORMAL");
        statement.execute("CREATE TABLE lock (name BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID");
      }
      insert = connection.prepareStatement("INSERT INTO lock VALUES ('cold', zeroblob(50))");
      delete = connection.prepareStatement("DELETE FROM lock WHERE name = 'cold'");
    } catch (SQLException e) {
      throw new IllegalStateException("SQLite does not work here: see the cause", e);
    }
  }

  /** Closes the database and removes its file. */
  @TearDown
  public void close() throws SQLException {
    insert.close();
    delete.close();
    connection.close();
    directory.close();
  }

  /** One row comes and goes. */
  @Benchmark
  public int twoCommits() throws SQLException {
    return insert.executeUpdate() + delete.executeUpdate();
  }
}
