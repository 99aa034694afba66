package io.holdfast.jdbc;

import io.holdfast.engine.Engine;
import io.holdfast.engine.EngineProvider;
import io.holdfast.engine.Environment;
import java.net.URI;
import java.util.Map;
import java.util.Set;

/**
 * Opens {@code postgresql://}, {@code mariadb://} and {@code mysql://}: locks in the tables of a
 * database server.
 *
 * <p>An address is {@code postgresql://user:password@host:port/database?parameters}, with {@code %}
 * and two digits for what is special in a URI. Parameters go to the JDBC driver, but for
 *
 * <ul>
 *   <li>{@code holdfast.schema}: as {@link DatabaseEngine.Builder#schema};
 *   <li>{@code holdfast.create=false}: as {@link DatabaseEngine.Builder#create};
 *   <li>{@code holdfast.connections}: as {@link DatabaseEngine.Builder#connections};
 *   <li>{@code holdfast.listen=false}: as {@link DatabaseEngine.Builder#listen}.
 * </ul>
 */
public final class DatabaseEngineProvider implements EngineProvider {

  /** For {@link java.util.ServiceLoader}. */
  public DatabaseEngineProvider() {}

  @Override
  public Set<String> schemes() {
    return Set.of("postgresql", "postgres", "mariadb", "mysql");
  }

  @Override
  public Engine open(URI uri, String space, Environment environment) {
    DatabaseAddress address = DatabaseAddress.parse(uri);
    DatabaseEngine.Builder builder = new DatabaseEngine.Builder(address);
    for (Map.Entry<String, String> parameter : address.own().entrySet()) {
      String value = parameter.getValue();
      switch (parameter.getKey()) {
        case "schema" -> builder.schema(value);
        case "create" -> builder.create(flag("create", value));
        case "listen" -> builder.listen(flag("listen", value));
        case "connections" -> builder.connections(number("connections", value));
        default ->
            throw new IllegalArgumentException(
                "unknown parameter "
                    + DatabaseAddress.OWN
                    + parameter.getKey()
                    + "; there are holdfast.schema, .create, .listen and .connections");
      }
    }
    return builder.open(space, environment);
  }

  private static boolean flag(String name, String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException(
              DatabaseAddress.OWN + name + " must be true or false, not " + value + "; correct it");
    };
  }

  private static int number(String name, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException malformed) {
      throw new IllegalArgumentException(
          DatabaseAddress.OWN + name + " must be a number, not " + value + "; correct it",
          malformed);
    }
  }
}
