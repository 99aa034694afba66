package io.holdfast.jdbc;

import java.sql.Connection;
import java.sql.SQLException;

/** Where connections to a database server come from. Thread-safe. */
interface Connections {

  /**
   * Opens or borrows a connection; blocks for a few seconds at most.
   *
   * @throws io.holdfast.EngineUnavailableException if there is no driver
   */
  Connection open() throws SQLException;

  /** Whether connections are somebody else's, who wants them back when they are not in use. */
  boolean borrowed();
}
