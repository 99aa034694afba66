package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import java.sql.SQLException;
import java.util.OptionalLong;

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
    OptionalLong found = dialect.format(sql);
    if (found.isEmpty()) {
      create(sql);
      found = dialect.format(sql);
    }
    long format = found.orElseThrow(() -> new EngineUnavailableException(missing()));
    if (format != FORMAT) {
      throw new EngineUnavailableException(
          "the lock tables "
              + dialect.qualifier()
              + "* in "
              + settings.location()
              + " have format "
              + format
              + ", and this version of Holdfast knows format "
              + FORMAT
              + "; upgrade Holdfast, or choose another schema");
    }
  }

  private String missing() {
    return "there are no lock tables "
        + (settings.dialect().qualifier() + "* in " + settings.location())
        + (", or not all of them; " + advice());
  }

  private String advice() {
    return "let somebody who may make them run "
        + settings.dialect().script()
        + " from the jar of holdfast-jdbc";
  }

  private void create(Sql sql) throws SQLException {
    ServerDialect dialect = settings.dialect();
    if (!settings.create()) {
      throw new EngineUnavailableException(missing());
    }
    try {
      dialect.create(sql);
    } catch (SQLException failure) {
      if (ServerErrors.disconnected(failure)) {
        throw failure;
      }
      throw new EngineUnavailableException(
          ("the lock tables " + dialect.qualifier() + "* could not be made in ")
              + (settings.location() + " (" + failure.getMessage() + "); " + advice())
              + ", or give this user the right to make them",
          failure);
    }
  }
}
