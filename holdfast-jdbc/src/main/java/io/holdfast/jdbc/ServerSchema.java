package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import java.sql.SQLException;

/** Checks at the start that the database can be used, and makes the tables if it may. */
final class ServerSchema {

  private static final long FORMAT = 1;

  private final ServerSettings settings;
  private final ServerErrors errors;

  ServerSchema(ServerSettings settings, ServerErrors errors) {
    this.settings = settings;
    this.errors = errors;
  }

  /**
   * Connects once, in the thread that calls.
   *
   * @throws EngineUnavailableException if the database cannot be used
   */
  void check() {
    try (Sql sql = connect()) {
      require(sql);
    } catch (SQLException failure) {
      throw errors.failed(failure, false);
    }
  }

  private Sql connect() {
    try {
      Sql sql = new Sql(settings.source().open());
      settings.dialect().prepare(sql.connection());
      return sql;
    } catch (SQLException failure) {
      throw errors.unreachable(failure);
    }
  }

  private void require(Sql sql) throws SQLException {
    ServerDialect dialect = settings.dialect();
    String format = "SELECT number FROM " + dialect.qualifier() + "format";
    long found;
    try {
      found = sql.number(format);
    } catch (SQLException failure) {
      if (!dialect.missing(failure)) {
        throw failure;
      }
      create(sql);
      found = sql.number(format);
    }
    if (found != FORMAT) {
      throw new EngineUnavailableException(
          "the lock tables "
              + dialect.qualifier()
              + "* in "
              + settings.location()
              + " have format "
              + found
              + ", and this version of Holdfast knows format "
              + FORMAT
              + "; upgrade Holdfast, or choose another schema");
    }
  }

  private void create(Sql sql) throws SQLException {
    ServerDialect dialect = settings.dialect();
    String advice =
        "let somebody who may make them run " + dialect.script() + " from the jar of holdfast-jdbc";
    if (!settings.create()) {
      throw new EngineUnavailableException(
          ("there are no lock tables " + dialect.qualifier() + "* in " + settings.location())
              + ("; " + advice));
    }
    try {
      dialect.create(sql);
    } catch (SQLException failure) {
      if (ServerErrors.disconnected(failure)) {
        throw failure;
      }
      throw new EngineUnavailableException(
          ("the lock tables " + dialect.qualifier() + "* could not be made in ")
              + (settings.location() + " (" + failure.getMessage() + "); " + advice)
              + ", or give this user the right to make them",
          failure);
    }
  }
}
