package io.holdfast;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class OwnerTest {

  @Test
  void equalIdsAreOneOwner() {
    assertThat(Owner.of("saga-42"))
        .isEqualTo(Owner.of("saga-42"))
        .hasSameHashCodeAs(Owner.of("saga-42"))
        .isNotEqualTo(Owner.of("saga-43"))
        .isNotEqualTo("saga-42")
        .hasToString("saga-42");
    assertThat(Owner.of("saga-42").id()).isEqualTo("saga-42");
  }

  @Test
  void idsAreNeitherEmptyNorTooLong() {
    assertThat(Owner.of("x".repeat(256)).id()).hasSize(256);
    for (String id : new String[] {"", "x".repeat(257)}) {
      assertThatThrownBy(() -> Owner.of(id))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("1 to 256 characters, not " + id.length())
          .hasMessageContaining("use for example");
    }
  }
}
