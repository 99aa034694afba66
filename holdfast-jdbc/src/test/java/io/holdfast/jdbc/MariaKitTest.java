package io.holdfast.jdbc;

import io.holdfast.tck.Layers;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;

/** The rules and the scenarios on MariaDB. */
@Tag("mariadb")
@Tag(Layers.INSTALLED)
class MariaKitTest {

  @Nested
  class Rules extends DatabaseRules {
    @Override
    String uri() {
      return Maria.uri(Maria.shared());
    }
  }

  @Nested
  class Scenarios extends DatabaseScenarios {
    @Override
    protected String engineUri() {
      return Maria.uri(Maria.shared());
    }
  }
}
