package io.holdfast.jdbc;

import io.holdfast.engine.EngineDescription;
import java.sql.SQLException;

/** Passes everything on; a test overrides what it wants to go wrong. */
class DialectWrapper implements Dialect {

  private final Dialect real;

  DialectWrapper(Dialect real) {
    this.real = real;
  }

  @Override
  public Sql connect() {
    return real.connect();
  }

  @Override
  public void listen(Runnable woken) {
    real.listen(woken);
  }

  @Override
  public String now() {
    return real.now();
  }

  @Override
  public String nextVersion() {
    return real.nextVersion();
  }

  @Override
  public boolean awaitTurn(long nanos) {
    return real.awaitTurn(nanos);
  }

  @Override
  public void endTurn() {
    real.endTurn();
  }

  @Override
  public String beginWrite() {
    return real.beginWrite();
  }

  @Override
  public long change() {
    return real.change();
  }

  @Override
  public String place() {
    return real.place();
  }

  @Override
  public void claim(long session) throws SQLException {
    real.claim(session);
  }

  @Override
  public void release(long session) {
    real.release(session);
  }

  @Override
  public boolean vanished(long session, String place) throws SQLException {
    return real.vanished(session, place);
  }

  @Override
  public void checkIdentity() throws SQLException {
    real.checkIdentity();
  }

  @Override
  public void announce() {
    real.announce();
  }

  @Override
  public Remedy remedy(SQLException failure) {
    return real.remedy(failure);
  }

  @Override
  public void replenish(Sql sql) throws SQLException {
    real.replenish(sql);
  }

  @Override
  public RuntimeException explain(SQLException failure, boolean committing) {
    return real.explain(failure, committing);
  }

  @Override
  public EngineDescription description() {
    return real.description();
  }

  @Override
  public void close() {
    real.close();
  }
}
