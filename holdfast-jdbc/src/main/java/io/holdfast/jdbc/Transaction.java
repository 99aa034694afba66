package io.holdfast.jdbc;

import java.util.ArrayList;
import java.util.List;

/** One attempt at a transaction: the statements, and what is to follow its end. */
final class Transaction {

  private final Sql sql;
  private final List<Runnable> afterCommit = new ArrayList<>();
  private final List<Runnable> onRollback = new ArrayList<>();

  Transaction(Sql sql) {
    this.sql = sql;
  }

  Sql sql() {
    return sql;
  }

  /** To be done once the changes are visible to everybody. */
  void afterCommit(Runnable action) {
    afterCommit.add(action);
  }

  /** Undoes what this attempt did outside the database. */
  void onRollback(Runnable action) {
    onRollback.add(action);
  }

  void committed() {
    afterCommit.forEach(Runnable::run);
  }

  void rolledBack() {
    onRollback.forEach(Runnable::run);
  }
}
