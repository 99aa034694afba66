package io.holdfast.jdbc;

import io.holdfast.tck.Layers;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The rules and the scenarios on the version of PostgreSQL that the system has. */
@Tag(Layers.INSTALLED)
class InstalledPostgresKitTest {

  @Nested
  class Rules extends DatabaseRules {
    @Override
    String uri() {
      return Postgres.uri(Postgres.installed());
    }
  }

  @Nested
  class Scenarios extends DatabaseScenarios {
    @Override
    protected String engineUri() {
      return Postgres.uri(Postgres.installed());
    }
  }
}
