package io.holdfast.jdbc;

import java.io.PrintWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Logger;
import javax.sql.DataSource;

/** A small pool of connections that remembers each statement that was executed. */
final class CountingDataSource implements DataSource, AutoCloseable {

  private final String url;
  private final Queue<String> executed = new ConcurrentLinkedQueue<>();
  private final Deque<Connection> pool = new ArrayDeque<>();

  CountingDataSource(String url) {
    this.url = url;
  }

  /** The statements since the last call. */
  Queue<String> executed() {
    Queue<String> copy = new ConcurrentLinkedQueue<>(executed);
    executed.removeAll(copy);
    return copy;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection pooled;
    synchronized (this) {
      pooled = pool.poll();
    }
    Connection real = pooled != null ? pooled : DriverManager.getConnection(url);
    return (Connection)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {Connection.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("close") && !real.isClosed()) {
                synchronized (this) {
                  pool.push(real);
                }
                return null;
              }
              Object result = invoke(() -> method.invoke(real, arguments));
              return result instanceof PreparedStatement statement
                  ? counting((String) arguments[0], statement)
                  : result;
            });
  }

  private PreparedStatement counting(String sql, PreparedStatement real) {
    return (PreparedStatement)
        Proxy.newProxyInstance(
            getClass().getClassLoader(),
            new Class<?>[] {PreparedStatement.class},
            (proxy, method, arguments) -> {
              if (method.getName().startsWith("execute")) {
                executed.add(sql);
              }
              return invoke(() -> method.invoke(real, arguments));
            });
  }

  private interface Call {
    Object make() throws ReflectiveOperationException;
  }

  private static Object invoke(Call call) throws Throwable {
    try {
      return call.make();
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    }
  }

  @Override
  public synchronized void close() throws SQLException {
    for (Connection connection : pool) {
      connection.close();
    }
  }

  @Override
  public Connection getConnection(String user, String password) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(PrintWriter out) {}

  @Override
  public void setLoginTimeout(int seconds) {}

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() {
    return Logger.getGlobal();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLException("wraps nothing");
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
