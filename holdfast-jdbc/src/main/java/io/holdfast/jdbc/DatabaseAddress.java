package io.holdfast.jdbc;

import io.holdfast.EngineUnavailableException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.Driver;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Where a database is, as a URI says: {@code
 * postgresql://user:password@host:port/database?parameters}.
 */
final class DatabaseAddress implements Connections {

  // User, password and all parameters go to the driver as properties, so that no URL that a driver
  // or its messages show has secrets in it. Parameters that begin with "holdfast." are ours.

  /** Before the name of each parameter that is not for the driver. */
  static final String OWN = "holdfast.";

  private static final String SECONDS = Long.toString(Workers.PATIENCE.toSeconds());
  private static final String MILLIS = Long.toString(Workers.PATIENCE.toMillis());

  /** A JDBC driver, and how long it is to wait for the server. */
  private enum Kind {
    POSTGRESQL("jdbc:postgresql", "org.postgresql.Driver", "org.postgresql:postgresql", SECONDS),
    MARIADB(
        "jdbc:mariadb", "org.mariadb.jdbc.Driver", "org.mariadb.jdbc:mariadb-java-client", MILLIS),
    MYSQL("jdbc:mysql", "com.mysql.cj.jdbc.Driver", "com.mysql:mysql-connector-j", MILLIS);

    private final String prefix;
    private final String driver;
    private final String artifact;
    private final String patience;

    Kind(String prefix, String driver, String artifact, String patience) {
      this.prefix = prefix;
      this.driver = driver;
      this.artifact = artifact;
      this.patience = patience;
    }
  }

  private static final List<String> POSTGRESQL_SCHEMES = List.of("postgresql", "postgres");

  private final String scheme;
  private final String hosts;
  private final String database;
  private final Kind kind;
  private final Properties properties = new Properties();
  private final Map<String, String> own = new TreeMap<>();

  private DatabaseAddress(URI uri) {
    scheme = uri.getScheme().toLowerCase(Locale.ROOT);
    String authority = uri.getRawAuthority();
    String path = uri.getRawPath();
    if (authority == null || path == null || path.length() < 2 || path.indexOf('/', 1) > 0) {
      throw malformed("host and database are missing or misplaced");
    }
    int at = authority.lastIndexOf('@');
    hosts = authority.substring(at + 1);
    database = decoded(path.substring(1));
    if (hosts.isEmpty()) {
      throw malformed("the host is missing");
    }
    kind = kind();
    properties.setProperty("connectTimeout", kind.patience);
    properties.setProperty("socketTimeout", kind.patience);
    if (at >= 0) {
      String[] user = authority.substring(0, at).split(":", 2);
      properties.setProperty("user", decoded(user[0]));
      if (user.length == 2) {
        properties.setProperty("password", decoded(user[1]));
      }
    }
    parameters(uri.getRawQuery() == null ? "" : uri.getRawQuery());
    if (kind == Kind.POSTGRESQL && hosts.contains(",")) {
      properties.putIfAbsent("targetServerType", "primary");
    }
  }

  /**
   * Understands a URI.
   *
   * @throws IllegalArgumentException if it is malformed; the message shows a right one, and nothing
   *     of the wrong one, which may have a password in it
   */
  static DatabaseAddress parse(URI uri) {
    return new DatabaseAddress(uri);
  }

  private Kind kind() {
    if (POSTGRESQL_SCHEMES.contains(scheme)) {
      return Kind.POSTGRESQL;
    }
    // Either driver can talk to either server. The one of the scheme goes first.
    boolean own = scheme.equals("mysql") && present(Kind.MYSQL);
    return own || (!present(Kind.MARIADB) && present(Kind.MYSQL)) ? Kind.MYSQL : Kind.MARIADB;
  }

  private static boolean present(Kind kind) {
    try {
      Class.forName(kind.driver, false, DatabaseAddress.class.getClassLoader());
      return true;
    } catch (ClassNotFoundException missing) {
      return false;
    }
  }

  private void parameters(String query) {
    for (String parameter : query.split("&", -1)) {
      String[] parts = parameter.split("=", 2);
      String name = decoded(parts[0]);
      String value = parts.length == 2 ? decoded(parts[1]) : "";
      if (name.startsWith(OWN)) {
        own.put(name.substring(OWN.length()), value);
      } else if (!name.isEmpty()) {
        properties.setProperty(name, value);
      }
    }
  }

  private String decoded(String part) {
    try {
      // A plus is a plus here.
      return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException malformed) {
      throw malformed("a % is not followed by two hexadecimal digits");
    }
  }

  private IllegalArgumentException malformed(String what) {
    return new IllegalArgumentException(
        "not an address of a database: "
            + what
            + "; write for example "
            + scheme
            + "://user:password@localhost/app");
  }

  /** Whether it is PostgreSQL; otherwise it is MariaDB or MySQL. */
  boolean postgresql() {
    return kind == Kind.POSTGRESQL;
  }

  /** The parameters for Holdfast, without their prefix. */
  Map<String, String> own() {
    return own;
  }

  /** The address without secrets. */
  String location() {
    return scheme + "://" + hosts + "/" + database;
  }

  /** Finds the driver without the service loader, which misses it in some class loaders. */
  private Driver driver() {
    try {
      Class<?> found = Class.forName(kind.driver, true, DatabaseAddress.class.getClassLoader());
      return (Driver) found.getDeclaredConstructor().newInstance();
    } catch (ClassNotFoundException missing) {
      throw new EngineUnavailableException(
          "there is no JDBC driver for "
              + scheme
              + " on the class path; add "
              + kind.artifact
              + " to the dependencies");
    } catch (ReflectiveOperationException | LinkageError broken) {
      throw new EngineUnavailableException(
          "the JDBC driver "
              + kind.driver
              + " cannot be used ("
              + broken
              + "); use a current "
              + kind.artifact,
          broken);
    }
  }

  @Override
  public Connection open() throws SQLException {
    String url =
        kind.prefix + "://" + hosts + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8);
    Connection connection = driver().connect(url, properties);
    if (connection == null) {
      throw new SQLException("the driver does not know " + location(), "08001");
    }
    return connection;
  }

  @Override
  public boolean borrowed() {
    return false;
  }
}
