package io.holdfast.jdbc;

import io.holdfast.engine.EngineDescription;
import java.sql.SQLException;

/**
 * What differs between the databases that {@link JdbcRecordStore} speaks to. All methods but {@link
 * #description} and {@link #announce} are called by one thread at a time.
 */
interface Dialect extends AutoCloseable {

  /** What to do about an error. */
  enum Remedy {
    /** Others are writing: the same again in a moment. */
    RETRY,
    /** {@link Dialect#replenish}, then the same again. */
    REPLENISH,
    /** Nothing helps; {@link Dialect#explain} it. */
    NONE
  }

  /**
   * Connects, with all tables in place.
   *
   * @throws io.holdfast.EngineUnavailableException if the database cannot be used
   */
  Sql connect();

  /** Sets what any thread may call when there is something new for this store to see. */
  void listen(Runnable woken);

  /** The expression for the database's clock in nanoseconds, by which sessions expire. */
  String now();

  /** The expression for the next number of the counter, in an INSERT or UPDATE that stores it. */
  String nextVersion();

  /**
   * Waits for those in this process that write to the same database, where many at once would only
   * be in each other's way.
   *
   * @return false if the time is over before all others are done
   */
  boolean awaitTurn(long nanos);

  /** Lets the next one write; after a wait that was successful. */
  void endTurn();

  /** The statement that begins a transaction that writes. */
  String beginWrite();

  /** Any number that is another one when others may have left notices since. Cheap. */
  long change();

  /** Where this process lives, to be stored with its sessions for {@link #vanished}. */
  String place();

  /** Shows others that a session's process lives. */
  void claim(long session) throws SQLException;

  /** Shows others that a session is over. */
  void release(long session);

  /** Whether the process of a session is known to be gone. */
  boolean vanished(long session, String place) throws SQLException;

  /** Fails if the database is no longer the one that was connected to. */
  void checkIdentity() throws SQLException;

  /** Makes other stores look for notices, in this process and in others. */
  void announce();

  Remedy remedy(SQLException failure);

  /** Makes more numbers for {@link #nextVersion}; outside a transaction. */
  void replenish(Sql sql) throws SQLException;

  /**
   * What to tell the caller of a failure.
   *
   * @param committing whether it was the commit that failed
   */
  RuntimeException explain(SQLException failure, boolean committing);

  EngineDescription description();

  /** Ends what {@link #connect} began, after the connection is closed. */
  @Override
  void close();
}
