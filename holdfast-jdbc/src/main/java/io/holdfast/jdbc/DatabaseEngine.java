package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import io.holdfast.engine.Engine;
import io.holdfast.engine.Environment;
import io.holdfast.engine.StoreEngine;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Locks in the tables of a PostgreSQL, MariaDB or MySQL server, through a {@link DataSource}. With
 * an address instead, {@code Holdfast.connect("postgresql://…")} is enough.
 *
 * <pre>{@code
 * Environment environment = Environment.system("locks");
 * Engine engine = DatabaseEngine.builder(dataSource).open("holdfast", environment);
 * Holdfast locks =
 *     Holdfast.builder("postgresql:").engine(engine).environment(environment).connect();
 * }</pre>
 */
public final class DatabaseEngine {

  private DatabaseEngine() {}

  /**
   * Begins to open an engine.
   *
   * @param dataSource connections of a user who may use the lock tables; a pool is best. Not closed
   *     by the engine. It should give up connecting after some seconds
   */
  public static Builder builder(DataSource dataSource) {
    return new Builder(dataSource);
  }

  /** Settings of an engine. Every setter checks its value and returns this builder. */
  public static final class Builder {

    private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,62}");
    private static final int MOST = 100;

    private final @Nullable DatabaseAddress address;
    private final Connections source;
    private @Nullable String schema;
    private boolean create = true;
    private boolean listen = true;
    private int connections = 16;

    Builder(DatabaseAddress address) {
      this.address = address;
      this.source = address;
    }

    private Builder(DataSource dataSource) {
      this.address = null;
      this.source = new Borrowed(dataSource);
    }

    /**
     * Where the lock tables are.
     *
     * @param value lower case letters, digits and underscores. For PostgreSQL a schema, by default
     *     {@code holdfast}; for MariaDB and MySQL a database, by default that of the connection,
     *     and all tables begin with {@code holdfast_}
     */
    public Builder schema(String value) {
      if (!SCHEMA.matcher(value).matches()) {
        throw new IllegalArgumentException(
            "a schema has 1 to 63 lower case letters, digits and underscores, not \""
                + value
                + "\"; choose another name");
      }
      schema = value;
      return this;
    }

    /** Whether missing tables are made, which needs the right to; default yes. */
    public Builder create(boolean value) {
      create = value;
      return this;
    }

    /**
     * Whether a connection of its own listens for wake-ups (PostgreSQL only); default yes. Without,
     * and where a pooler keeps it from hearing anything, a table is looked at instead.
     */
    public Builder listen(boolean value) {
      listen = value;
      return this;
    }

    /**
     * How many connections at most work at the same time, apart from the one that listens.
     *
     * @param value from 1 to 100; default 16
     */
    public Builder connections(int value) {
      if (value < 1 || value > MOST) {
        throw new IllegalArgumentException(
            "connections must be from 1 to " + MOST + ", not " + value + "; 16 is plenty for most");
      }
      connections = value;
      return this;
    }

    /**
     * Opens the engine, and makes the tables if they are missing.
     *
     * @param space the namespace of locks in the tables
     * @param environment clocks, scheduler and chance; owned and closed by the caller
     * @throws EngineUnavailableException if the database cannot be used; the message says what to
     *     check
     */
    public Engine open(String space, Environment environment) {
      boolean postgresql = address != null ? address.postgresql() : product();
      ServerDialect dialect =
          postgresql
              ? new PostgresDialect(schema == null ? "holdfast" : schema)
              : new MariaDialect(schema);
      String location = address != null ? address.location() : "the data source";
      ServerSettings settings =
          new ServerSettings(dialect, source, location, connections, create, postgresql && listen);
      return new StoreEngine(ServerStore.open(settings, space, environment), environment);
    }

    /** Whether the data source leads to PostgreSQL. */
    private boolean product() {
      String name;
      try (Connection connection = source.open()) {
        name = connection.getMetaData().getDatabaseProductName();
      } catch (SQLException failure) {
        throw new EngineUnavailableException(
            "no connection from the data source ("
                + failure.getMessage()
                + "); check its settings and that the server runs, then retry",
            failure);
      }
      return switch (name.toLowerCase(Locale.ROOT)) {
        case "postgresql" -> true;
        case "mariadb", "mysql" -> false;
        default ->
            throw new IllegalArgumentException(
                "the data source leads to "
                    + name
                    + "; Holdfast keeps locks in PostgreSQL, MariaDB or MySQL: use one of them");
      };
    }
  }

  private record Borrowed(DataSource dataSource) implements Connections {

    @Override
    public Connection open() throws SQLException {
      Connection connection = dataSource.getConnection();
      boolean ready = false;
      try {
        connection.setAutoCommit(true);
        connection.setNetworkTimeout(Runnable::run, Math.toIntExact(Workers.PATIENCE.toMillis()));
        ready = true;
        return connection;
      } finally {
        if (!ready) {
          connection.close();
        }
      }
    }

    @Override
    public boolean borrowed() {
      return true;
    }
  }
}
