package io.holdfast.jdbc;

import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The rules and the scenarios on PostgreSQL. */
@Tag("postgresql")
class PostgresKitTest {

  @Nested
  class Rules extends DatabaseRules {
    @Override
    String uri() {
      return Postgres.uri(Postgres.shared());
    }
  }

  @Nested
  class Scenarios extends DatabaseScenarios {
    @Override
    protected String engineUri() {
      return Postgres.uri(Postgres.shared());
    }
  }
}
