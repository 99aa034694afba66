package io.holdfast.jdbc;

import io.holdfast.tck.Layers;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** S20: the rules and the scenarios on PostgreSQL behind PgBouncer in transaction mode. */
@Tag("pgbouncer")
@Tag(Layers.INSTALLED)
class PgBouncerKitTest {

  @Nested
  class Rules extends DatabaseRules {
    @Override
    String uri() {
      return Postgres.uri(PgBouncer.shared().port());
    }
  }

  @Nested
  class Scenarios extends DatabaseScenarios {
    @Override
    protected String engineUri() {
      return Postgres.uri(PgBouncer.shared().port());
    }
  }
}
