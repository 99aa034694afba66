package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.nio.file.Path;

/**
 * Locks in a file: the processes of one machine lock against each other with no server. A process
 * that is killed loses its locks at once.
 */
public final class FileEngine {

  private FileEngine() {}

  /**
   * Opens a lock file, and makes it if it is missing, with its directories. A second file, whose
   * name has {@code -live} at the end, is kept beside it, and two more while it is in use.
   *
   * @param file on a local disk, the same for all processes that lock against each other
   * @param space the namespace of locks in the file
   * @param environment clocks, scheduler and chance; owned and closed by the caller
   * @throws io.holdfast.EngineUnavailableException if the file cannot be used; the message says
   *     what to check
   */
  public static Engine open(Path file, String space, Environment environment) {
    Machine machine = Machine.of(environment.ticker());
    Path location = FileLocation.prepare(file);
    JdbcRecordStore store =
        JdbcRecordStore.open(new SqliteDialect(location, machine), space, environment);
    return new StoreEngine(store, environment);
  }
}
